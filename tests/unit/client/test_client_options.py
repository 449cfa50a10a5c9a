"""How a caller says what an analysis is to be like."""

import pytest

import ootd
from ootd import Client, Photo
from ootd.testing import FakeGateway


def test_options_reach_the_gateway(gateway: FakeGateway, client: Client, photo: bytes) -> None:
    garments = client.analyze_image(photo).garments
    assert client.analyze_image(photo, score_threshold=0.01).garments == garments
    best = garments[0]
    only = client.analyze_image(photo, score_threshold=best.score - 0.001).garments
    assert only == (best,)
    (whole,) = client.analyze_image(photo, score_threshold=1.0).garments
    assert whole.box_origin == "whole_photo"
    for model in ootd.ATTRIBUTE_MODELS:
        client.analyze_image(photo, attribute_model=model)
    assert gateway.attribute_models == [None] * 4 + ["tagger", "sequencer"]
    asked = Photo("a", photo, score_threshold=1.0, attribute_model="sequencer")
    first, second = client.analyze_images([asked, Photo("b", photo)])
    assert first.analysis is not None
    assert first.analysis.garments == (whole,)
    assert second.analysis is not None
    assert second.analysis.garments == garments
    assert gateway.attribute_models[-2:] == ["sequencer", None]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_score_threshold_that_is_none_is_named(
    client: Client, photo: bytes, threshold: float
) -> None:
    with pytest.raises(ootd.InvalidRequestError) as caught:
        client.analyze_image(photo, score_threshold=threshold)
    assert [one.field for one in caught.value.violations] == ["photo.options.score_threshold"]
