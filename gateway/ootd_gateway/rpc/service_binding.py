"""A service as the server takes it."""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.descriptor import ServiceDescriptor
from grpc import aio

from ootd_gateway.rpc.readiness import Dependency


@dataclass(frozen=True, slots=True)
class ServiceBinding:
    """One service of the contract.

    `add_to` has a server answer it. `needs` is what must be there for it to be SERVING beside the
    gateway itself.
    """

    descriptor: ServiceDescriptor
    add_to: Callable[[aio.Server], None]
    needs: tuple[Dependency, ...] = ()

    @property
    def name(self) -> str:
        """Its full name, such as "ootd.v1.VisionService"."""
        return str(self.descriptor.full_name)
