"""Triton from wheels, as a child of this process: assembled, started, watched and stopped here."""

from ootd_gateway.embedded.embedded_triton import EmbeddedTriton, EmbeddedTritonSettings
from ootd_gateway.embedded.errors import EmbeddedTritonError

__all__ = ["EmbeddedTriton", "EmbeddedTritonError", "EmbeddedTritonSettings"]
