"""Gateways for tests of programs that use this client.

`FakeGateway` needs no models, no files and no other process; `GatewayProcess` is the real one.
"""

from ootd.testing._fake_gateway import FakeGateway
from ootd.testing._gateway_process import GatewayProcess, GatewayProcessError

__all__ = ["FakeGateway", "GatewayProcess", "GatewayProcessError"]
