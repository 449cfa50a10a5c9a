"""Several gateways behind one target: all get calls, and one that goes away is passed over."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ootd import AsyncClient, Client
from ootd.testing import FakeGateway


@pytest.fixture
def three() -> Iterator[list[FakeGateway]]:
    with ExitStack() as stack:
        yield [stack.enter_context(FakeGateway()) for _ in range(3)]


def target(gateways: list[FakeGateway]) -> str:
    return "ipv4:" + ",".join(one.target for one in gateways)


def test_all_addresses_take_turns(three: list[FakeGateway], photo: bytes) -> None:
    with Client(target(three)) as client:
        for _ in range(60):
            client.analyze_image(photo)
    counts = [len(one.calls) for one in three]
    assert sum(counts) == 60
    assert min(counts) >= 10, counts  # The first calls go to whoever is connected first.


async def test_all_addresses_take_turns_within_asyncio(
    three: list[FakeGateway], photo: bytes
) -> None:
    async with AsyncClient(target(three)) as client:
        for _ in range(60):
            await client.analyze_image(photo)
    assert min(len(one.calls) for one in three) >= 10


def test_one_that_goes_away_is_passed_over(three: list[FakeGateway], photo: bytes) -> None:
    with Client(target(three)) as client:
        for _ in range(12):
            client.analyze_image(photo)
        three[0].stop()
        before = [len(one.calls) for one in three]
        for _ in range(30):
            assert client.analyze_image(photo).garments
    after = [len(one.calls) for one in three]
    assert after[0] == before[0]
    assert min(after[1] - before[1], after[2] - before[2]) >= 5
