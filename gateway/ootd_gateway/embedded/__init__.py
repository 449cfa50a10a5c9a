"""Triton from wheels, as a child of this process: assembled, started, watched and stopped here."""

from ootd_gateway.embedded.errors import EmbeddedTritonError
from ootd_gateway.embedded.triton import EmbeddedTriton, EmbeddedTritonSettings

__all__ = ["EmbeddedTriton", "EmbeddedTritonError", "EmbeddedTritonSettings"]
