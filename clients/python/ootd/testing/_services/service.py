"""What a service of a FakeGateway is, and what it needs of the gateway."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from ootd.testing._answering import Doorkeeper
from ootd.testing._fake_catalog import FakeCatalog
from ootd.types import ImageAnalysis, ServerInfo
from ootd.v1 import photo_pb2


class State(Doorkeeper, Protocol):
    """What the services need of the gateway."""

    is_serving: bool
    store: FakeCatalog

    @property
    def server_info(self) -> ServerInfo:
        """What the gateway tells of itself."""

    def garments(self, photo: photo_pb2.Photo) -> ImageAnalysis:
        """Analyse a photo."""


@dataclass(frozen=True, slots=True)
class FakeService:
    """One service: its contract, and what lets a server answer it.

    `without_vision` are the methods that are unavailable only where the database is.
    """

    descriptor: ServiceDescriptor
    add: Callable[[State, grpc.Server], None]
    without_vision: frozenset[str] = frozenset()
