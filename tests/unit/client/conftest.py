"""What the client's tests share: a fake gateway, and a client that is connected to it."""

from collections.abc import Iterator

import pytest

from ootd import Client, RetryPolicy
from ootd.testing import FakeGateway

QUICK_RETRY = RetryPolicy(attempts=4, initial_backoff_s=0.01, max_backoff_s=0.02)


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with FakeGateway() as running:
        yield running


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[Client]:
    with Client(gateway.target, retry=QUICK_RETRY) as connected:
        yield connected


@pytest.fixture
def photo() -> bytes:
    return b"\xff\xd8\xff photo 1"
