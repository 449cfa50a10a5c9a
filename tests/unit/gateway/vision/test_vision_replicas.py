"""Triton in trouble: away, silent, with other models, one of several; and back again."""

import asyncio
import time
from contextlib import AsyncExitStack, suppress

import grpc
import pytest
from replica_looks import Relay, answers, circuit_states, not_ready, opened
from steered_triton import SteeredTriton, eventually, listening, looking_at
from structlog.testing import capture_logs

from ootd_gateway.errors import (
    DeadlineExceededError,
    ImageUnreadableError,
    InternalError,
    VisionUnavailableError,
)
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import Photo, Priority, ServedModels
from ootd_gateway.vision.triton_replica import Patience
from ootd_gateway.vision.triton_watch import Watch


async def test_a_triton_that_is_away_is_told_at_once_and_used_again_when_back() -> None:
    triton, metrics = SteeredTriton(), Metrics()
    async with AsyncExitStack() as stack:
        async with listening(triton) as port:
            vision = await stack.enter_async_context(looking_at(f"127.0.0.1:{port}", metrics))
            await vision.analyze(Photo(b"x"))
            assert circuit_states(metrics) == [0]
        for _ in range(5):
            began = time.monotonic()
            with pytest.raises(VisionUnavailableError):
                await vision.analyze(Photo(b"x"))
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
            await vision.analyze(Photo(b"x"))
            assert (await vision.taxonomy()).version == 4, "names are read again"
            assert circuit_states(metrics) == [0]
            assert triton.canaries == 2, "one for each time it came up"


async def test_a_triton_without_its_models_is_not_asked() -> None:
    triton, metrics = SteeredTriton(ready=False), Metrics()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}", metrics) as vision:
        assert not await vision.is_ready()
        for ask in (lambda: vision.analyze(Photo(b"x")), vision.taxonomy, vision.served_models):
            with pytest.raises(VisionUnavailableError):
                await ask()
        assert (triton.requests, triton.canaries) == ([], 0)
        triton.ready = True
        await eventually(vision.is_ready)
        await vision.analyze(Photo(b"x"))


async def test_photos_that_wait_are_refused_once_no_server_is_left() -> None:
    triton = SteeredTriton(gate=asyncio.Event())
    assert triton.gate is not None
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
        calls = [asyncio.create_task(vision.analyze(Photo(b"x"))) for _ in range(4)]
        await eventually(lambda: triton.running == 2)
        triton.ready = False
        for call in calls[2:]:
            with pytest.raises(VisionUnavailableError):
                await call
        triton.gate.set()
        assert all(one.garments for one in await asyncio.gather(*calls[:2]))


async def test_several_photos_in_one_lost_connection_are_one_failure() -> None:
    triton, metrics = SteeredTriton(gate=asyncio.Event()), Metrics()
    assert triton.gate is not None
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(
            Relay(await stack.enter_async_context(listening(triton)))
        )
        address = f"127.0.0.1:{relay.port}"
        async with looking_at(address, metrics) as vision:
            calls = [asyncio.create_task(vision.analyze(Photo(b"x"))) for _ in range(2)]
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
                await vision.analyze(Photo(b"x"))
            assert triton.requests == []
            triton.canary_failure = None
            await eventually(vision.is_ready)
            await vision.analyze(Photo(b"x"))
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
                await vision.analyze(Photo(b"x"))
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
                await vision.analyze(Photo(b"x"))
            assert len(good.requests) == 6
            assert sorted(circuit_states(metrics)) == [0, 2, 2]
            bad.ready = True
            await eventually(lambda: sorted(circuit_states(metrics)) == [0, 0, 2])
            await asyncio.gather(*(vision.analyze(Photo(b"x")) for _ in range(6)))
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
        calls = [asyncio.create_task(vision.analyze(Photo(b"x"))) for _ in range(2)]
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
        assert (await vision.analyze(Photo(b"x"))).served == served
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
                await vision.analyze(Photo(b"x"))
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
                await vision.analyze(Photo(b"x"))
            await asyncio.sleep(0.1)
        triton.failure = None
        assert (await vision.analyze(Photo(b"x"))).garments
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
                await vision.analyze(Photo(b"x"))
        await asyncio.sleep(0.3)
        assert await vision.is_ready()


@pytest.mark.usefixtures("quick_looks")
async def test_photos_of_streams_wait_for_a_triton_that_starts_again() -> None:
    triton = SteeredTriton(gate=asyncio.Event())
    async with AsyncExitStack() as stack:
        async with listening(triton) as port:
            vision = await stack.enter_async_context(looking_at(f"127.0.0.1:{port}"))
            photos = [
                asyncio.create_task(
                    vision.analyze(Photo(b"x"), priority=Priority.BULK, timeout_s=30)
                )
                for _ in range(12)
            ]
            await eventually(lambda: triton.running == 2)
        await eventually(lambda: not_ready(vision))
        photos.append(
            asyncio.create_task(vision.analyze(Photo(b"x"), priority=Priority.BULK, timeout_s=30))
        )
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(Photo(b"x"))
        await asyncio.sleep(0.5)
        triton.gate = None
        async with listening(triton, port):
            for analysis in await asyncio.gather(*photos):
                assert analysis.garments


async def test_photos_of_streams_do_not_wait_for_ever() -> None:
    async with looking_at("127.0.0.1:9", bulk_patience_s=0.5) as vision:
        began = time.monotonic()
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(Photo(b"x"), priority=Priority.BULK)
        assert 0.4 < time.monotonic() - began < 5
        with pytest.raises(DeadlineExceededError):
            await vision.analyze(Photo(b"x"), priority=Priority.BULK, timeout_s=0.1)


async def test_a_photo_at_which_servers_fail_is_sent_twice_at_most() -> None:
    triton = SteeredTriton(failure=(grpc.StatusCode.UNAVAILABLE, "the process died"))
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}") as vision:
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(Photo(b"x"), priority=Priority.BULK)
        assert len(triton.requests) == 2
