import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from ootd import Client, ItemUpload, OotdError, RetryPolicy, UnavailableError
from ootd.cli.catalog_source import BadRow, Row, id_of, title_of
from ootd.cli.ingest_run import IngestRun, Outcome
from ootd.testing import FakeGateway


def rows(number: int) -> Iterator[Row]:
    photos = (b"\xff\xd8\xff" + n.to_bytes(4, "big") for n in range(number))
    return (ItemUpload(f"sku-{n:04}", photo) for n, photo in enumerate(photos))


def failure(reason: str) -> OotdError:
    return OotdError("away", code=grpc.StatusCode.UNAVAILABLE, reason=reason)


class Waits:
    """Notes waits instead of sleeping."""

    def __init__(self, then: threading.Event | None = None) -> None:
        self.seconds: list[float] = []
        self.now = 0.0
        self._then = then

    def note(self, error: OotdError, seconds: float) -> None:
        assert isinstance(error, OotdError)
        self.seconds.append(seconds)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


def run(client: Client, source: Iterator[Row], waits: Waits) -> IngestRun:
    return IngestRun(
        client,
        source,
        patience_s=10.0,
        waits=waits.note,
        sleep=waits.sleep,
        clock=waits.clock,
    )


@pytest.mark.parametrize("reason", ["SHUTTING_DOWN", "VISION_UNAVAILABLE", "STORE_UNAVAILABLE"])
def test_what_was_not_acknowledged_is_sent_again(
    gateway: FakeGateway, client: Client, reason: str
) -> None:
    waits = Waits()
    outcomes: list[Outcome] = []
    for outcome in run(client, rows(30), waits).outcomes():
        outcomes.append(outcome)
        if len(outcomes) in {5, 20}:
            gateway.fail_next("UpsertItems", failure(reason), times=2)
    assert [one.item_id for one in outcomes] == [f"sku-{n:04}" for n in range(30)]
    assert {one.result for one in outcomes} <= {"stored", "unchanged"}
    assert len(gateway.items) == 30
    # An element that was already on its way may meet the second failure of a pair.
    assert 2 <= len(waits.seconds) <= 4
    assert set(waits.seconds) <= {0.5, 1.0}


def test_a_gateway_that_restarts_is_waited_for(gateway: FakeGateway) -> None:
    waits = Waits()

    def sleep(seconds: float) -> None:
        waits.sleep(seconds)
        if len(waits.seconds) == 1:
            gateway.start()
        client.health(timeout_s=20)  # Tries again until the connection is there.

    policy = RetryPolicy(attempts=1000, initial_backoff_s=0.05, max_backoff_s=0.05)
    with Client(gateway.target, retry=policy) as client:
        ingest = IngestRun(
            client, rows(40), patience_s=60, waits=waits.note, sleep=sleep, clock=waits.clock
        )
        outcomes = []
        for outcome in ingest.outcomes():
            outcomes.append(outcome)
            if len(outcomes) == 10:
                gateway.stop()
    assert len(outcomes) == 40
    assert len(gateway.items) == 40
    assert waits.seconds


def test_patience_ends(gateway: FakeGateway, client: Client) -> None:
    gateway.fail_next("UpsertItems", failure("SHUTTING_DOWN"), times=100)
    waits = Waits()
    with pytest.raises(UnavailableError, match="away"):
        list(run(client, rows(3), waits).outcomes())
    assert waits.seconds == [0.5, 1.0, 2.0, 4.0]
    assert gateway.items == {}


def test_rows_that_are_none_are_told_and_the_rest_is_sent(
    gateway: FakeGateway, client: Client
) -> None:
    source: list[Row] = [BadRow("line 2", "has no image"), *rows(2), BadRow("line 5", "odd")]
    outcomes = list(run(client, iter(source), Waits()).outcomes())
    failed = [one for one in outcomes if one.result == "failed"]
    assert [one.item_id for one in failed] == ["line 2", "line 5"]
    assert len(gateway.items) == 2


def test_a_refused_token_ends_the_run() -> None:
    with (
        FakeGateway(token="secret") as gateway,
        Client(gateway.target) as client,
        pytest.raises(OotdError, match="token"),
    ):
        list(run(client, rows(3), Waits()).outcomes())


def test_memory_holds_only_what_is_on_its_way(gateway: FakeGateway, client: Client) -> None:
    """Photos are read when they are sent, so rows far ahead of the answers cost nothing."""
    taken = 0
    ahead = 0

    def source() -> Iterator[Row]:
        nonlocal taken
        for n in range(300):
            taken += 1
            yield ItemUpload(f"sku-{n}", b"\xff\xd8\xff" + bytes(400_000))

    for number, _ in enumerate(run(client, source(), Waits()).outcomes(), start=1):
        ahead = max(ahead, taken - number)
    assert taken == 300
    assert ahead < 100


@pytest.mark.parametrize(
    ("path", "start"), [("a/b_c.jpg", "a/b_c.jpg"), ("a b.jpg", "a-b.jpg-"), ("x" * 200, "x" * 119)]
)
def test_ids_are_valid_and_stay_apart(path: str, start: str) -> None:
    assert id_of(path).startswith(start)
    assert len(id_of(path)) <= 128
    assert id_of(path) == id_of(path)
    assert len({id_of(path), id_of(path + "?"), id_of(path + "!")}) == 3


@pytest.mark.parametrize(
    ("name", "title"),
    [("navy_wool-coat.jpg", "navy wool coat"), ("Café.v2.png", "Café v2"), ("___.png", "___")],
)
def test_titles_are_readable(name: str, title: str) -> None:
    assert title_of(Path(name)) == title
