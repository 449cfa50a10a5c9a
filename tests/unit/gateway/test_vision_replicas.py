"""Triton in trouble: away, silent, with other models, one of several; and back again."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import grpc
import pytest
from steered_triton import SteeredTriton, eventually, listening, looking_at
from structlog.testing import capture_logs

from ootd_gateway.errors import (
    DeadlineExceededError,
    ImageUnreadableError,
    InternalError,
    VisionUnavailableError,
)
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.types import Priority, ServedModels
from ootd_gateway.vision import triton_connection, triton_watch
from ootd_gateway.vision.triton import TritonVision
from ootd_gateway.vision.triton_replica import Patience
from ootd_gateway.vision.triton_watch import Watch

QUICK = Patience(silent_s=0.5, photo_s=1.0)


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that are shorter than a server's silence in these tests."""
    monkeypatch.setattr(triton_connection, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(triton_watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(triton_watch, "LOOK_AGAIN_SECONDS", 0.05)


def answers(vision: TritonVision) -> Callable[[], Any]:
    async def ask() -> bool:
        try:
            await vision.analyze(b"x", timeout_s=5)
        except VisionUnavailableError:
            return False
        return True

    return ask


def circuit_states(metrics: Metrics) -> list[float]:
    return [
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "ootd_triton_circuit_state"
    ]


def opened(metrics: Metrics, cause: str) -> float:
    labels = {"cause": cause}
    return metrics.registry.get_sample_value("ootd_triton_circuit_opened_total", labels) or 0.0


class Relay:
    """Hands on what is sent to a port, and can cut the connections that there are."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def __aenter__(self) -> "Relay":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        triton_reader, triton_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, triton_writer]
        await asyncio.gather(self._copy(reader, triton_writer), self._copy(triton_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()


async def test_a_triton_that_is_away_is_told_at_once_and_used_again_when_back() -> None:
    triton, metrics = SteeredTriton(), Metrics()
    async with AsyncExitStack() as stack:
        async with listening(triton) as port:
            vision = await stack.enter_async_context(looking_at(f"127.0.0.1:{port}", metrics))
            await vision.analyze(b"x")
            assert circuit_states(metrics) == [0]
        for _ in range(5):
            began = time.monotonic()
            with pytest.raises(VisionUnavailableError):
                await vision.analyze(b"x")
            assert time.monotonic() - began < 1.0
        await eventually(lambda: circuit_states(metrics) == [2])
        assert not await vision.is_ready()
        assert opened(metrics, "unreachable") == 1
        for ask in (vision.served_models, vision.taxonomy):
            with pytest.raises(VisionUnavailableError):
                await ask()
        triton.taxonomy_json = triton.taxonomy_json.replace('"version": 3', '"version": 4')
        async with listening(triton, port):
            await eventually(vision.is_ready)
            await vision.analyze(b"x")
            assert (await vision.taxonomy()).version == 4, "names are read again"
            assert circuit_states(metrics) == [0]
            assert triton.canaries == 2, "one for each time it came up"


async def test_a_triton_without_its_models_is_not_asked() -> None:
    triton, metrics = SteeredTriton(ready=False), Metrics()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}", metrics) as vision:
        assert not await vision.is_ready()
        for ask in (lambda: vision.analyze(b"x"), vision.taxonomy, vision.served_models):
            with pytest.raises(VisionUnavailableError):
                await ask()
        assert (triton.requests, triton.canaries) == ([], 0)
        triton.ready = True
        await eventually(vision.is_ready)
        await vision.analyze(b"x")


async def test_photos_that_wait_are_refused_once_no_server_is_left() -> None:
    triton = SteeredTriton(gate=asyncio.Event())
    assert triton.gate is not None
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
        calls = [asyncio.create_task(vision.analyze(b"x")) for _ in range(4)]
        await eventually(lambda: triton.running == 2)
        triton.ready = False
        for call in calls[2:]:
            with pytest.raises(VisionUnavailableError):
                await call
        triton.gate.set()
        assert all(one.garments for one in await asyncio.gather(*calls[:2]))


@pytest.mark.usefixtures("quick_looks")
async def test_late_looks_change_nothing_while_photos_are_answered() -> None:
    triton, metrics = SteeredTriton(), Metrics()
    async with (
        listening(triton) as port,
        looking_at(f"127.0.0.1:{port}", metrics, patience=QUICK) as vision,
    ):
        taxonomy = await vision.taxonomy()
        triton.slow_looks_s = 5.0
        began = time.monotonic()
        while time.monotonic() - began < 2.0:
            await vision.analyze(b"x")
            assert await vision.is_ready()
            assert await vision.taxonomy() is taxonomy
            await asyncio.sleep(0.05)
        assert circuit_states(metrics) == [0]
        # Now nothing at all is answered.
        await eventually(lambda: circuit_states(metrics) == [2])
        assert opened(metrics, "silent") == 1


@pytest.mark.usefixtures("quick_looks")
async def test_a_triton_that_answers_nothing_is_refused_soon_and_tried_again() -> None:
    triton, metrics = SteeredTriton(), Metrics()
    async with (
        listening(triton) as port,
        looking_at(f"127.0.0.1:{port}", metrics, patience=QUICK) as vision,
    ):
        triton.deaf = True
        began = time.monotonic()
        with capture_logs() as lines:
            # Two hold the slots, the others wait; none has a deadline.
            failures = await asyncio.gather(
                *(vision.analyze(b"x") for _ in range(6)), return_exceptions=True
            )
        assert [type(one) for one in failures] == [VisionUnavailableError] * 6
        assert time.monotonic() - began < 5.0
        (warning,) = [one for one in lines if one["log_level"] == "warning"]
        assert warning["triton"] == f"127.0.0.1:{port}"
        assert "has answered nothing for" in warning["cause"]
        began = time.monotonic()
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(b"x")
        assert time.monotonic() - began < 0.1, "it is not even tried"
        triton.deaf = False
        await eventually(answers(vision))
        assert circuit_states(metrics) == [0]
        assert triton.cancelled == 0
        await eventually(lambda: triton.running == 0)


@pytest.mark.usefixtures("quick_looks")
async def test_a_triton_that_answers_looks_but_no_photos_is_left_alone() -> None:
    triton, metrics = SteeredTriton(gate=asyncio.Event()), Metrics()
    assert triton.gate is not None
    async with (
        listening(triton) as port,
        looking_at(f"127.0.0.1:{port}", metrics, patience=QUICK) as vision,
    ):
        failures = await asyncio.gather(
            *(vision.analyze(b"x") for _ in range(4)), return_exceptions=True
        )
        assert [type(one) for one in failures] == [VisionUnavailableError] * 4
        assert opened(metrics, "silent") == 1
        assert len(triton.requests) == 2
        assert triton.cancelled == 0, "what is in it is left alone"
        triton.gate.set()
        await eventually(answers(vision))


@pytest.mark.usefixtures("quick_looks")
async def test_a_photo_that_is_never_answered_gives_its_slot_back() -> None:
    triton, metrics = SteeredTriton(gate=asyncio.Event()), Metrics()
    assert triton.gate is not None
    async with (
        listening(triton) as port,
        looking_at(f"127.0.0.1:{port}", metrics, patience=QUICK) as vision,
    ):
        lost = asyncio.create_task(vision.analyze(b"x"))
        await eventually(lambda: triton.running == 1)
        gate, triton.gate = triton.gate, None
        began = time.monotonic()
        while not lost.done():
            assert time.monotonic() - began < 10.0
            await vision.analyze(b"x")  # all others are answered
            await asyncio.sleep(0.02)
        assert isinstance(lost.exception(), VisionUnavailableError)
        assert opened(metrics, "silent") == 0
        assert await vision.is_ready()
        labels = {"priority": "interactive"}
        assert metrics.registry.get_sample_value("ootd_vision_running_photos", labels) == 0
        gate.set()


@pytest.mark.usefixtures("quick_looks")
async def test_a_lost_photo_is_told_once_and_does_not_count_when_it_is_quiet() -> None:
    triton, metrics = SteeredTriton(gate=asyncio.Event()), Metrics()
    assert triton.gate is not None
    async with (
        listening(triton) as port,
        looking_at(f"127.0.0.1:{port}", metrics, patience=QUICK) as vision,
    ):
        with capture_logs() as lines:
            lost = asyncio.create_task(vision.analyze(b"x"))
            await eventually(lambda: triton.running == 1)
            gate, triton.gate = triton.gate, None
            while not lost.done():
                await vision.analyze(b"x")
                await asyncio.sleep(0.02)
            await asyncio.sleep(2 * QUICK.photo_s)  # nobody sends anything
        assert isinstance(lost.exception(), VisionUnavailableError)
        warnings = [one["event"] for one in lines if one["log_level"] == "warning"]
        assert warnings == ["Triton has not answered a photo"]
        assert opened(metrics, "silent") == 0
        assert (await vision.analyze(b"x")).garments
        gate.set()


@pytest.mark.usefixtures("quick_looks")
async def test_a_photo_that_is_never_answered_is_no_load_of_its_server() -> None:
    one, other = SteeredTriton(), SteeredTriton()
    async with listening(one) as first, listening(other) as second:
        target = f"ipv4:127.0.0.1:{first},127.0.0.1:{second}"
        async with looking_at(target, patience=QUICK, concurrency=4) as vision:
            one.gate = other.gate = gate = asyncio.Event()
            lost = asyncio.create_task(vision.analyze(b"x"))
            await eventually(lambda: one.running + other.running == 1)
            one.gate = other.gate = None
            while not lost.done():
                await asyncio.gather(*(vision.analyze(b"x") for _ in range(3)))  # both answer
                await asyncio.sleep(0.02)
            before = len(one.requests), len(other.requests)
            for _ in range(6):
                await vision.analyze(b"x")
            after = len(one.requests), len(other.requests)
            assert [now - then for now, then in zip(after, before, strict=True)] == [3, 3]
            assert isinstance(lost.exception(), VisionUnavailableError)
            gate.set()


@pytest.mark.usefixtures("quick_looks")
async def test_a_triton_that_answers_no_photos_is_noticed_while_its_names_are_read_again() -> None:
    triton, metrics = SteeredTriton(), Metrics()
    async with listening(triton) as port, Relay(port) as relay:
        target = f"127.0.0.1:{relay.port}"
        async with looking_at(target, metrics, patience=QUICK) as vision:
            triton.gate, triton.canary_gate = asyncio.Event(), asyncio.Event()
            relay.cut()
            await eventually(lambda: triton.canaries == 2)
            with pytest.raises(VisionUnavailableError):
                await asyncio.wait_for(vision.analyze(b"x"), 10)
            assert opened(metrics, "silent") == 1
            triton.gate.set()
            triton.canary_gate.set()
            await eventually(vision.is_ready)


async def test_several_photos_in_one_lost_connection_are_one_failure() -> None:
    triton, metrics = SteeredTriton(gate=asyncio.Event()), Metrics()
    assert triton.gate is not None
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(
            Relay(await stack.enter_async_context(listening(triton)))
        )
        address = f"127.0.0.1:{relay.port}"
        async with looking_at(address, metrics) as vision:
            calls = [asyncio.create_task(vision.analyze(b"x")) for _ in range(2)]
            await eventually(lambda: triton.running == 2)
            relay.cut()
            for call in calls:
                with pytest.raises(VisionUnavailableError):
                    await call
            triton.gate.set()
            await eventually(answers(vision))  # the server is well
            assert opened(metrics, "unreachable") == 0


async def test_models_that_do_not_fit_are_told_to_operators_and_not_as_damaged_photos() -> None:
    shape = "unexpected shape for input 'GUIDE' for model 'ootd'. Expected [1,6], got [1,7]."
    failure = (grpc.StatusCode.INVALID_ARGUMENT, shape)
    triton = SteeredTriton(canary_failure=failure)
    with capture_logs() as lines:
        async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
            assert not await vision.is_ready()
            with pytest.raises(InternalError):
                await vision.analyze(b"x")
            assert triton.requests == []
            triton.canary_failure = None
            await eventually(vision.is_ready)
            await vision.analyze(b"x")
    warnings = [one for one in lines if one["log_level"] == "warning"]
    assert [shape in one["cause"] for one in warnings] == [True]


async def test_names_that_are_none_are_told() -> None:
    triton = SteeredTriton(taxonomy_json="{}")
    with capture_logs() as lines:
        async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
            with pytest.raises(InternalError):
                await vision.taxonomy()
    assert any("taxonomy" in one.get("cause", "") for one in lines)


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("127.0.0.1:1", "refused"),
        ("dns:///no-such-host.invalid:8001", 'the name "no-such-host.invalid" has no address'),
    ],
)
async def test_a_wrong_address_is_a_warning_with_the_cause(target: str, cause: str) -> None:
    with capture_logs() as lines:
        async with looking_at(target) as vision:
            assert not await vision.is_ready()
            with pytest.raises(VisionUnavailableError):
                await vision.analyze(b"x")
    (warning,) = [one for one in lines if one["log_level"] == "warning"]
    assert warning["event"] == "Triton is not ready"
    assert warning["triton"] == target
    assert cause in warning["cause"]


async def test_an_embedded_one_may_take_its_time_without_a_warning() -> None:
    with capture_logs() as lines:
        async with looking_at("127.0.0.1:1", patience=Patience(start_s=60.0)) as vision:
            assert not await vision.is_ready()
    assert not [one for one in lines if one["log_level"] == "warning"]


@pytest.mark.usefixtures("quick_looks")
async def test_watching_goes_on_after_an_unexpected_error(monkeypatch: pytest.MonkeyPatch) -> None:
    triton = SteeredTriton()
    looks = Watch.look
    failures = 3

    async def failing(self: Watch) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise ZeroDivisionError
        await looks(self)

    monkeypatch.setattr(Watch, "look", failing)
    with capture_logs() as lines:
        async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
            await eventually(vision.is_ready)
    assert [one["log_level"] for one in lines].count("error") == 3


async def test_one_server_in_trouble_does_not_refuse_calls_that_another_answers() -> None:
    good, bad, metrics = SteeredTriton(), SteeredTriton(ready=False), Metrics()
    async with listening(good) as one, listening(bad) as other:
        target = f"ipv4:127.0.0.1:{one},127.0.0.1:{other},127.0.0.1:1"
        async with looking_at(target, metrics) as vision:
            assert await vision.is_ready()
            for _ in range(6):
                await vision.analyze(b"x")
            assert len(good.requests) == 6
            assert sorted(circuit_states(metrics)) == [0, 2, 2]
            bad.ready = True
            await eventually(lambda: sorted(circuit_states(metrics)) == [0, 0, 2])
            await asyncio.gather(*(vision.analyze(b"x") for _ in range(6)))
            assert len(bad.requests) == 3, "both are given photos in turn"


async def test_a_photo_whose_server_goes_away_is_answered_by_another() -> None:
    one, other = SteeredTriton(), SteeredTriton()
    async with AsyncExitStack() as stack:
        leaving = await stack.enter_async_context(AsyncExitStack())
        first = await leaving.enter_async_context(listening(one))
        second = await stack.enter_async_context(listening(other))
        target = f"ipv4:127.0.0.1:{first},127.0.0.1:{second}"
        vision = await stack.enter_async_context(looking_at(target))
        one.gate, other.gate = asyncio.Event(), asyncio.Event()
        calls = [asyncio.create_task(vision.analyze(b"x")) for _ in range(2)]
        await eventually(lambda: one.running == other.running == 1)
        await leaving.aclose()
        other.gate.set()
        for call in calls:
            assert (await call).garments
        assert len(other.requests) == 2


@pytest.mark.usefixtures("quick_looks")
async def test_each_answer_tells_which_models_are_served() -> None:
    triton = SteeredTriton()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
        assert await vision.served_models() == ServedModels("3f2a-81d0", "5c11"), "the canary told"
        triton.taxonomy_json = triton.taxonomy_json.replace('"version": 3', '"version": 4')
        triton.vector_fingerprint, triton.graph_fingerprint = "v2", "g2"
        served = ServedModels("v2", "g2")
        assert (await vision.analyze(b"x")).served == served
        assert await vision.served_models() == served

        async def are_read_again() -> bool:
            return (await vision.taxonomy()).version == 4

        await eventually(are_read_again)
        assert await vision.served_models() == served


async def test_models_exchanged_while_triton_was_away_are_noticed() -> None:
    triton = SteeredTriton()
    async with AsyncExitStack() as stack:
        async with listening(triton) as port:
            vision = await stack.enter_async_context(looking_at(f"127.0.0.1:{port}"))
            assert (await vision.served_models()).vector_fingerprint == "3f2a-81d0"
        triton.vector_fingerprint = "77e5-81d0"
        async with listening(triton, port):
            await eventually(vision.is_ready)

            async def is_known() -> bool:
                return (await vision.served_models()).vector_fingerprint == "77e5-81d0"

            await eventually(is_known)


BUG = (grpc.StatusCode.INTERNAL, "in ensemble 'ootd', the stub process is unhealthy")
DAMAGED = (grpc.StatusCode.INTERNAL, "in ensemble 'ootd', DALI Backend error")


@pytest.mark.usefixtures("quick_looks")
async def test_a_triton_that_fails_at_every_photo_gets_none_until_its_canary_is_answered() -> None:
    triton, metrics = SteeredTriton(), Metrics()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}", metrics) as vision:
        triton.failure = triton.canary_failure = BUG

        async def is_kept_away() -> bool:
            try:
                await vision.analyze(b"x")
            except InternalError:
                return False
            except VisionUnavailableError:
                return True
            raise AssertionError("it fails at every photo")

        await eventually(is_kept_away)
        assert opened(metrics, "failed") == 1
        before, canaries = len(triton.requests), triton.canaries
        await eventually(lambda: triton.canaries > canaries + 1)
        assert len(triton.requests) == before
        triton.failure = triton.canary_failure = None
        await eventually(answers(vision))


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize(("failure", "canaries"), [(BUG, 1), (DAMAGED, 0)])
async def test_photos_that_fail_alone_keep_nobody_from_triton(
    failure: tuple[grpc.StatusCode, str], canaries: int
) -> None:
    triton, metrics = SteeredTriton(), Metrics()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}", metrics) as vision:
        before, triton.failure = triton.canaries, failure
        for _ in range(9):
            with pytest.raises((InternalError, ImageUnreadableError)):
                await vision.analyze(b"x")
            await asyncio.sleep(0.1)
        triton.failure = None
        assert (await vision.analyze(b"x")).garments
        assert triton.canaries == before + canaries
        assert circuit_states(metrics) == [0]


@pytest.mark.usefixtures("quick_looks")
async def test_one_answer_between_faults_clears_the_server() -> None:
    triton = SteeredTriton()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
        triton.canary_failure = BUG
        for number in range(12):
            triton.failure = None if number % 4 == 3 else BUG
            with suppress(InternalError):
                await vision.analyze(b"x")
        await asyncio.sleep(0.3)
        assert await vision.is_ready()


@pytest.mark.usefixtures("quick_looks")
async def test_photos_of_streams_wait_for_a_triton_that_starts_again() -> None:
    triton = SteeredTriton(gate=asyncio.Event())
    async with AsyncExitStack() as stack:
        async with listening(triton) as port:
            vision = await stack.enter_async_context(looking_at(f"127.0.0.1:{port}"))
            photos = [
                asyncio.create_task(vision.analyze(b"x", priority=Priority.BULK, timeout_s=30))
                for _ in range(12)
            ]
            await eventually(lambda: triton.running == 2)
        await eventually(lambda: not_ready(vision))
        photos.append(
            asyncio.create_task(vision.analyze(b"x", priority=Priority.BULK, timeout_s=30))
        )
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(b"x")
        await asyncio.sleep(0.5)
        triton.gate = None
        async with listening(triton, port):
            for analysis in await asyncio.gather(*photos):
                assert analysis.garments


async def test_photos_of_streams_do_not_wait_for_ever() -> None:
    async with looking_at("127.0.0.1:9", bulk_patience_s=0.5) as vision:
        began = time.monotonic()
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(b"x", priority=Priority.BULK)
        assert 0.4 < time.monotonic() - began < 5
        with pytest.raises(DeadlineExceededError):
            await vision.analyze(b"x", priority=Priority.BULK, timeout_s=0.1)


async def test_a_photo_at_which_servers_fail_is_sent_twice_at_most() -> None:
    triton = SteeredTriton(failure=(grpc.StatusCode.UNAVAILABLE, "the process died"))
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(b"x", priority=Priority.BULK)
        assert len(triton.requests) == 2


async def not_ready(vision: TritonVision) -> bool:
    return not await vision.is_ready()
