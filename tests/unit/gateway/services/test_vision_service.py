"""What VisionService hands on to the vision model."""

import grpc
from steered_calls import failure, photo
from steered_gateway import Serve

from ootd.v1.photo_pb2 import ATTRIBUTE_MODEL_SEQUENCER
from ootd_gateway.types import AnalyzeOptions, AttributeModel
from photo_requests import analyze_request, stream_request


async def test_options_reach_the_vision_model_over_calls_and_streams(serve: Serve) -> None:
    served = await serve()
    options = {"score_threshold": 0.25, "attribute_model": ATTRIBUTE_MODEL_SEQUENCER}
    await served.stub.AnalyzeImage(analyze_request(photo(), options=options))
    requests = [stream_request(photo(), options=one) for one in (options, None)]
    async for answer in served.stub.AnalyzeImages(iter(requests)):
        assert answer.HasField("analysis")
    asked = AnalyzeOptions(0.25, AttributeModel.SEQUENCER)
    assert served.vision.options[0] == asked
    assert set(served.vision.options[1:]) == {asked, AnalyzeOptions()}
    options["score_threshold"] = float("nan")
    error = await failure(served.stub.AnalyzeImage(analyze_request(photo(), options=options)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "photo.options.score_threshold" in str(error.details())
    assert len(served.vision.options) == 3


async def test_a_name_that_is_far_too_long_is_not_sent_back_whole(serve: Serve) -> None:
    served = await serve()
    request = stream_request(photo(), "x" * 1_000_000)
    (answer,) = [one async for one in served.stub.AnalyzeImages(iter([request]))]
    assert answer.error.violations[0].field == "correlation_id"
    assert answer.ByteSize() < 2000
