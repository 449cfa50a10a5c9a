"""Where the vision graph runs, as far as it can be told before a server starts."""

from pathlib import Path

import pytest

from ootd_gateway.errors import StartError
from ootd_gateway.process.triton_source import TritonSource
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import AttributeModel
from ootd_gateway.vision.settings import VisionSettings


async def test_a_repository_without_the_attribute_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ootd").mkdir()
    settings = VisionSettings(attribute_model=AttributeModel.SEQUENCER, model_repository=tmp_path)
    with pytest.raises(StartError, match='"ootd_sequence"'):
        await TritonSource(settings, tmp_path, Metrics().vision).start()


async def test_without_a_model_repository_it_says_which_variable_to_set(tmp_path: Path) -> None:
    settings = VisionSettings(model_repository=tmp_path / "model_repository")
    with pytest.raises(StartError, match="OOTD_MODEL_REPOSITORY") as caught:
        await TritonSource(settings, tmp_path, Metrics().vision).start()
    assert str(tmp_path / "model_repository") in str(caught.value)


async def test_of_a_triton_elsewhere_nothing_is_known_yet(tmp_path: Path) -> None:
    settings = VisionSettings(
        attribute_model=AttributeModel.SEQUENCER, model_repository=tmp_path, triton_mode="external"
    )
    source = TritonSource(settings, tmp_path, Metrics().vision)
    await source.start()
    assert not source.is_embedded
    assert source.addresses == {
        "triton_address": settings.triton_address,
        "triton_metrics_address": "",
    }
