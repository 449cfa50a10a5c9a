"""Triton from the gateway's side, against a server that speaks its protocol and can be steered."""

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import numpy as np
import pytest
from steered_triton import CANCEL_SAFE, SteeredTriton, eventually, listening, looking_at

from ootd_gateway.current_caller import set_current_caller
from ootd_gateway.errors import (
    AttributeModelNotServedError,
    DeadlineExceededError,
    ImageUnreadableError,
    InternalError,
    OotdError,
    VisionUnavailableError,
)
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import (
    AnalyzeOptions,
    AttributeModel,
    Box,
    CategoryGuide,
    Photo,
    RegionGuide,
    SuperCategory,
)
from ootd_gateway.vision.triton_requests import ENSEMBLES
from ootd_gateway.vision.triton_vision import TritonVision


def asking(model: AttributeModel) -> Photo:
    return Photo(b"x", options=AnalyzeOptions(attribute_model=model))


@pytest.fixture
async def steered() -> AsyncIterator[tuple[SteeredTriton, TritonVision, Metrics]]:
    triton, metrics = SteeredTriton(), Metrics()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}", metrics) as vision:
        yield triton, vision, metrics


Steered = tuple[SteeredTriton, TritonVision, Metrics]


async def test_one_request_carries_the_bytes_and_the_guide(steered: Steered) -> None:
    triton, vision, metrics = steered
    analysis = await vision.analyze(Photo(b"jpeg bytes", CategoryGuide(SuperCategory.SHOES)))
    assert len(analysis.garments) == 1
    (request,) = triton.requests
    image, guide = request.raw_input_contents
    assert image == b"jpeg bytes"
    assert [(one.name, one.datatype, list(one.shape)) for one in request.inputs] == [
        ("IMAGE", "UINT8", [1, 10]),
        ("GUIDE", "FP32", [1, 7]),
    ]
    assert np.frombuffer(guide, np.float32).tolist() == [1, SuperCategory.SHOES, 0, 0, 0, 0, -1]
    assert metrics.registry.get_sample_value("ootd_garments_per_photo_count") == 1


async def test_guides_are_encoded_as_the_graph_reads_them(steered: Steered) -> None:
    triton, vision, _ = steered
    await vision.analyze(Photo(b"x"))
    await vision.analyze(Photo(b"x", RegionGuide(Box(0.25, 0.5, 0.75, 1.0))))
    await vision.analyze(Photo(b"x", options=AnalyzeOptions(score_threshold=0.0)))
    nothing, region, all_detections = (
        np.frombuffer(one.raw_input_contents[1], np.float32).tolist() for one in triton.requests
    )
    assert nothing == [0, -1, 0, 0, 0, 0, -1]
    assert region == [2, -1, 0.25, 0.5, 0.75, 1.0, -1]
    assert all_detections == [0, -1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("usual", list(AttributeModel))
async def test_each_attribute_model_has_its_ensemble(usual: AttributeModel) -> None:
    triton = SteeredTriton(served=set(ENSEMBLES.values()))
    async with (
        listening(triton) as port,
        looking_at(f"127.0.0.1:{port}", attribute_model=usual) as vision,
    ):
        for asked in (None, *AttributeModel):
            await vision.analyze(Photo(b"x", options=AnalyzeOptions(attribute_model=asked)))
        assert [one.model_name for one in triton.requests] == [
            ENSEMBLES[usual],
            *(ENSEMBLES[one] for one in AttributeModel),
        ]


async def test_an_attribute_model_that_is_not_served_is_named(steered: Steered) -> None:
    triton, vision, metrics = steered
    with pytest.raises(AttributeModelNotServedError, match="sequencer") as raised:
        await vision.analyze(
            Photo(b"x", options=AnalyzeOptions(attribute_model=AttributeModel.SEQUENCER))
        )
    assert raised.value.metadata == {"attribute_model": "sequencer"}
    labels = {"outcome": "attribute_model_not_served"}
    assert metrics.registry.get_sample_value("ootd_vision_seconds_count", labels) == 1
    await vision.analyze(Photo(b"x"))  # the other one still answers
    triton.served.clear()  # while models are loaded nothing is known
    with pytest.raises(VisionUnavailableError):
        await vision.analyze(
            Photo(b"x", options=AnalyzeOptions(attribute_model=AttributeModel.SEQUENCER))
        )


async def test_the_usual_attribute_model_decides_whether_all_is_ready() -> None:
    triton = SteeredTriton()
    usual = AttributeModel.SEQUENCER
    async with (
        listening(triton) as port,
        looking_at(f"127.0.0.1:{port}", attribute_model=usual) as vision,
    ):
        assert not await vision.is_ready()
        with pytest.raises(AttributeModelNotServedError):
            await vision.analyze(Photo(b"x"))
        await vision.analyze(
            Photo(b"x", options=AnalyzeOptions(attribute_model=AttributeModel.TAGGER))
        )
        triton.served.add(ENSEMBLES[usual])
        await eventually(vision.is_ready)
        await vision.analyze(Photo(b"x"))


async def test_names_and_fingerprint_come_from_the_models(steered: Steered) -> None:
    _, vision, _ = steered
    assert (await vision.taxonomy()).version == 3
    assert (await vision.served_models()).vector_fingerprint == "3f2a-81d0"
    assert await vision.is_ready()


@pytest.mark.parametrize(
    ("code", "details", "expected"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "model 'decode' cannot process", ImageUnreadableError),
        (
            grpc.StatusCode.INTERNAL,
            "Error in CPU operator `nvidia.dali.fn.decoders.image`",
            ImageUnreadableError,
        ),
        (
            grpc.StatusCode.INTERNAL,
            "in ensemble 'ootd', DALI Backend error: Critical error in pipeline",
            ImageUnreadableError,
        ),
        (
            grpc.StatusCode.INVALID_ARGUMENT,
            "unexpected shape for input 'GUIDE' for model 'ootd'. Expected [1,6], got [1,7].",
            InternalError,
        ),
        (
            grpc.StatusCode.INVALID_ARGUMENT,
            "unexpected inference output 'FLAGS' for model 'ootd'",
            InternalError,
        ),
        (
            grpc.StatusCode.INVALID_ARGUMENT,
            "in ensemble 'ootd', GUIDE[0] is the kind: 0, 1 or 2, not 7",
            InternalError,
        ),
        (grpc.StatusCode.INTERNAL, "onnxruntime: bad alloc", InternalError),
        (grpc.StatusCode.UNAVAILABLE, "not ready", VisionUnavailableError),
        (grpc.StatusCode.NOT_FOUND, "unknown model: 'ootd'", VisionUnavailableError),
        (grpc.StatusCode.CANCELLED, "server shutting down", VisionUnavailableError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "queue", VisionUnavailableError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "queue", VisionUnavailableError),
    ],
)
async def test_what_triton_answers_becomes_what_callers_are_promised(
    steered: Steered, code: grpc.StatusCode, details: str, expected: type[OotdError]
) -> None:
    triton, vision, metrics = steered
    triton.failure = (code, details)
    with pytest.raises(expected) as raised:
        await vision.analyze(Photo(b"x"))
    assert "onnxruntime" not in raised.value.message
    outcome = expected.reason.lower()
    assert metrics.registry.get_sample_value("ootd_vision_seconds_count", {"outcome": outcome}) == 1


async def test_a_passed_deadline_lets_the_caller_go_and_the_request_run_to_its_end(
    steered: Steered,
) -> None:
    triton, vision, metrics = steered
    triton.gate = asyncio.Event()
    began = time.monotonic()
    with pytest.raises(DeadlineExceededError):
        await vision.analyze(Photo(b"x"), timeout_s=0.1)
    assert time.monotonic() - began < 1.0
    assert triton.deadlines == [None], "Triton would cancel at a deadline by itself"
    assert running(metrics) == 1, "its slot is held"
    triton.gate.set()
    await eventually(lambda: running(metrics) == 0)
    assert triton.cancelled == 0
    assert metrics.registry.get_sample_value("ootd_vision_abandoned_photos_total") == 1
    await vision.analyze(Photo(b"x"))


async def test_a_caller_that_gives_up_leaves_the_request_alone(steered: Steered) -> None:
    triton, vision, metrics = steered
    triton.gate = asyncio.Event()
    calls = [asyncio.create_task(vision.analyze(Photo(b"x"))) for _ in range(2)]
    await eventually(lambda: triton.running == 2)
    for call in calls:
        call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calls[0]
    with pytest.raises(DeadlineExceededError):  # both slots are held
        await vision.analyze(Photo(b"x"), timeout_s=0.1)
    assert len(triton.requests) == 2
    triton.gate.set()
    await eventually(lambda: running(metrics) == 0)
    assert triton.cancelled == 0
    await vision.analyze(Photo(b"x"))


async def test_a_cancelled_call_cancels_the_request_where_triton_survives_that() -> None:
    triton = SteeredTriton(version=CANCEL_SAFE, gate=asyncio.Event())
    metrics = Metrics()
    async with listening(triton) as port, looking_at(f"127.0.0.1:{port}", metrics) as vision:
        with pytest.raises(DeadlineExceededError):
            await vision.analyze(Photo(b"x"), timeout_s=0.1)
        await eventually(lambda: triton.cancelled == 1)
        await eventually(lambda: running(metrics) == 0)


async def test_closing_waits_for_what_is_in_triton() -> None:
    triton = SteeredTriton(gate=asyncio.Event())
    assert triton.gate is not None
    async with listening(triton) as port:
        async with looking_at(f"127.0.0.1:{port}") as vision:
            call = asyncio.create_task(vision.analyze(Photo(b"x")))
            await eventually(lambda: triton.running == 1)
            call.cancel()
            asyncio.get_running_loop().call_later(0.3, triton.gate.set)
        assert triton.running == 0
        assert triton.cancelled == 0


async def test_no_more_photos_than_slots_are_in_triton(steered: Steered) -> None:
    triton, vision, metrics = steered
    triton.gate = asyncio.Event()
    calls = [asyncio.create_task(vision.analyze(Photo(b"x"))) for _ in range(5)]
    await eventually(lambda: triton.running == 2)
    waiting = {"priority": "interactive"}
    assert metrics.registry.get_sample_value("ootd_vision_waiting_photos", waiting) == 3
    assert metrics.registry.get_sample_value("ootd_vision_limit") == 2
    assert running(metrics) == 2
    triton.gate.set()
    await asyncio.gather(*calls)
    assert triton.most_running == 2
    assert metrics.registry.get_sample_value("ootd_vision_waiting_photos", waiting) == 0


async def test_callers_take_turns(steered: Steered) -> None:
    triton, vision, _ = steered
    triton.gate = asyncio.Event()

    async def ask(caller: str) -> None:
        set_current_caller(caller)
        await vision.analyze(Photo(caller.encode()))

    calls = [asyncio.create_task(ask("many")) for _ in range(20)]
    calls.append(asyncio.create_task(ask("other")))
    await eventually(lambda: triton.running == 2)
    triton.gate.set()
    await asyncio.gather(*calls)
    served = [one.raw_input_contents[0] for one in triton.requests]
    assert served.index(b"other") < 5


async def test_waiting_and_work_are_measured_apart(steered: Steered) -> None:
    triton, vision, metrics = steered
    triton.gate = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, triton.gate.set)
    await asyncio.gather(*(vision.analyze(Photo(b"x")) for _ in range(4)))
    value = metrics.registry.get_sample_value
    # Two wait for 0.3 s and are answered at once, the other two the other way round.
    assert value("ootd_vision_queue_seconds_count", {"priority": "interactive"}) == 4
    assert (value("ootd_vision_queue_seconds_sum", {"priority": "interactive"}) or 0) >= 0.5
    assert value("ootd_vision_seconds_count", {"outcome": "ok"}) == 4
    quick = {"outcome": "ok", "le": "0.25"}
    assert value("ootd_vision_seconds_bucket", quick) == 2


async def test_an_unexpected_error_is_no_success(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, vision, metrics = steered

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ootd_gateway.vision.triton_replica.build_analysis", fail)
    with pytest.raises(ZeroDivisionError):
        await vision.analyze(Photo(b"x"))
    value = metrics.registry.get_sample_value
    assert value("ootd_vision_photos_total", {"outcome": "unexpected"}) == 1
    assert value("ootd_vision_photos_total", {"outcome": "ok"}) is None


async def test_the_version_is_known(steered: Steered) -> None:
    _, vision, metrics = steered
    assert await vision.vision_server() == "triton 2.51.0"
    info = [
        sample.labels["version"]
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "ootd_triton_info"
    ]
    assert info == ["2.51.0"]


def running(metrics: Metrics) -> float:
    """Photos that hold a slot."""
    labels = ({"priority": "interactive"}, {"priority": "bulk"})
    value = metrics.registry.get_sample_value
    return sum(value("ootd_vision_running_photos", one) or 0.0 for one in labels)
