"""A Triton that is late, silent, or answers some photos never."""

import asyncio
import time

import pytest
from replica_looks import QUICK, Relay, answers, circuit_states, opened
from steered_triton import SteeredTriton, eventually, listening, looking_at
from structlog.testing import capture_logs

from ootd_gateway.errors import (
    VisionUnavailableError,
)
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import Photo


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
            await vision.analyze(Photo(b"x"))
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
                *(vision.analyze(Photo(b"x")) for _ in range(6)), return_exceptions=True
            )
        assert [type(one) for one in failures] == [VisionUnavailableError] * 6
        assert time.monotonic() - began < 5.0
        (warning,) = [one for one in lines if one["log_level"] == "warning"]
        assert warning["triton"] == f"127.0.0.1:{port}"
        assert "has answered nothing for" in warning["cause"]
        began = time.monotonic()
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(Photo(b"x"))
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
            *(vision.analyze(Photo(b"x")) for _ in range(4)), return_exceptions=True
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
        lost = asyncio.create_task(vision.analyze(Photo(b"x")))
        await eventually(lambda: triton.running == 1)
        gate, triton.gate = triton.gate, None
        began = time.monotonic()
        while not lost.done():
            assert time.monotonic() - began < 10.0
            await vision.analyze(Photo(b"x"))  # all others are answered
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
            lost = asyncio.create_task(vision.analyze(Photo(b"x")))
            await eventually(lambda: triton.running == 1)
            gate, triton.gate = triton.gate, None
            while not lost.done():
                await vision.analyze(Photo(b"x"))
                await asyncio.sleep(0.02)
            await asyncio.sleep(2 * QUICK.photo_s)  # nobody sends anything
        assert isinstance(lost.exception(), VisionUnavailableError)
        warnings = [one["event"] for one in lines if one["log_level"] == "warning"]
        assert warnings == ["Triton has not answered a photo"]
        assert opened(metrics, "silent") == 0
        assert (await vision.analyze(Photo(b"x"))).garments
        gate.set()


@pytest.mark.usefixtures("quick_looks")
async def test_a_photo_that_is_never_answered_is_no_load_of_its_server() -> None:
    one, other = SteeredTriton(), SteeredTriton()
    async with listening(one) as first, listening(other) as second:
        target = f"ipv4:127.0.0.1:{first},127.0.0.1:{second}"
        async with looking_at(target, patience=QUICK, concurrency=4) as vision:
            one.gate = other.gate = gate = asyncio.Event()
            lost = asyncio.create_task(vision.analyze(Photo(b"x")))
            await eventually(lambda: one.running + other.running == 1)
            one.gate = other.gate = None
            while not lost.done():
                await asyncio.gather(
                    *(vision.analyze(Photo(b"x")) for _ in range(3))
                )  # both answer
                await asyncio.sleep(0.02)
            before = len(one.requests), len(other.requests)
            for _ in range(6):
                await vision.analyze(Photo(b"x"))
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
                await asyncio.wait_for(vision.analyze(Photo(b"x")), 10)
            assert opened(metrics, "silent") == 1
            triton.gate.set()
            triton.canary_gate.set()
            await eventually(vision.is_ready)
