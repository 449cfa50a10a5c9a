"""What a request asks of its analysis: a score threshold, and the attribute model."""

from collections.abc import Iterator

import pytest

from gateway_process import GatewayProcess
from ootd import Client, Photo
from photos import outfit_jpeg


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Client]:
    with Client(gateway.target, timeout_s=60) as connected:
        yield connected


def test_a_low_threshold_answers_weak_detections_too(client: Client) -> None:
    usual = client.analyze_image(outfit_jpeg())
    every = client.analyze_image(outfit_jpeg(), score_threshold=0.01)
    found = [*every.garments, *(one.garment for one in every.dropped)]
    assert len(usual.garments) + len(usual.dropped) < len(found) <= 50
    assert all(one.score >= 0.0099 for one in found)
    boxes = {one.box for one in found}
    assert {one.box for one in usual.garments} <= boxes


def test_a_threshold_holds_with_a_category_too(client: Client) -> None:
    every = client.analyze_image(outfit_jpeg(), category="top", score_threshold=0.001).garments
    assert {one.super_category for one in every} == {"top"}
    best = every[0].score

    def found(threshold: float) -> list[str]:
        """Where the boxes come from, also of the whole photo that is dropped."""
        analysis = client.analyze_image(outfit_jpeg(), category="top", score_threshold=threshold)
        assert all(
            one.score >= threshold for one in analysis.garments if one.box_origin == "detected"
        )
        dropped = [one.garment for one in analysis.dropped]
        return [one.box_origin for one in (*analysis.garments, *dropped)]

    assert found(best - 0.001)[0] == "detected"
    assert found(best + 0.001) == ["whole_photo"]


def test_photos_of_a_stream_have_options_of_their_own(client: Client) -> None:
    photos = [Photo(str(one), outfit_jpeg(), score_threshold=one) for one in (None, 0.01, 1.0)]
    usual, every, strict = (one.analysis for one in client.analyze_images(photos))
    assert usual is not None
    assert every is not None
    assert strict is not None
    counts = [len(one.garments) + len(one.dropped) for one in (usual, every)]
    assert counts[0] < counts[1]
    assert [one.box_origin for one in strict.garments] == ["whole_photo"]


def test_the_sequencer_names_the_same_boxes(client: Client) -> None:
    tagged = client.analyze_image(outfit_jpeg(), score_threshold=0.01)
    told = client.analyze_image(outfit_jpeg(), score_threshold=0.01, attribute_model="sequencer")
    boxes = [
        {one.box for one in (*each.garments, *(dropped.garment for dropped in each.dropped))}
        for each in (tagged, told)
    ]
    assert boxes[0] == boxes[1]
    guided = client.analyze_image(outfit_jpeg(), category="top", attribute_model="sequencer")
    subs = {one.super_category: one.sub_categories for one in client.taxonomy().categories}
    assert all(one.sub_category in subs["top"] for one in guided.garments)
