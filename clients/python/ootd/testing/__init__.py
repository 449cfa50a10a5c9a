"""A gateway for tests of programs that use this client: no models, no files, no other process."""

from ootd.testing._fake_gateway import FakeGateway

__all__ = ["FakeGateway"]
