"""Photos: what is taken and what an analysis says; which garments are found is the models' own."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from contract_calls import ContractCalls, element_failure
from contract_requests import (
    PHOTO_METHODS,
    SHOES,
    base_request,
    changed,
    photo,
    photo_of_nothing,
)
from PIL import Image

from ootd.v1.garment_pb2 import BOX_ORIGIN_DETECTED, BOX_ORIGIN_REGION
from photos import encoded, png_with_header

LIMIT = 20 * 1024 * 1024
"""Bytes that a photo has at most."""

REGION = {"x0": 0.25, "y0": 0.25, "x1": 0.75, "y1": 0.5}


def blank(width: int, height: int) -> bytes:
    return encoded(Image.new("L", (width, height), 128), "PNG")


def padded(size: int) -> bytes:
    """A photo with so many bytes; what follows its end is not looked at."""
    return photo() + bytes(size - len(photo()))


def request_with(method: str, image: bytes) -> dict[str, Any]:
    base = base_request(method, with_photo=True)
    return changed(base, {"photo.image": image})


@dataclass(frozen=True)
class BadPhoto:
    """A photo that is not taken, and what is told of it."""

    name: str
    make: Callable[[], bytes]
    reason: str
    metadata: dict[str, str]
    code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT


BAD_PHOTOS = (
    BadPhoto(
        "text",
        lambda: b"This is no photo.\n" * 50,
        "IMAGE_UNREADABLE",
        {"detected_format": "text"},
    ),
    BadPhoto(
        "unknown",
        lambda: bytes(range(256)),
        "IMAGE_UNREADABLE",
        {"detected_format": "unknown"},
    ),
    BadPhoto(
        "large",
        lambda: padded(LIMIT + 1),
        "IMAGE_TOO_LARGE",
        {"bytes": str(LIMIT + 1), "limit_bytes": str(LIMIT)},
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    ),
    BadPhoto(
        "many-pixels",
        lambda: png_with_header(10_000, 5001),
        "IMAGE_TOO_MANY_PIXELS",
        {"width": "10000", "height": "5001", "limit_pixels": "50000000"},
    ),
    BadPhoto(
        "small-png",
        lambda: blank(15, 400),
        "IMAGE_TOO_SMALL",
        {"width": "15", "height": "400", "minimum_side": "16"},
    ),
    BadPhoto(
        "small-jpeg",
        lambda: encoded(Image.new("RGB", (400, 15)), "JPEG"),
        "IMAGE_TOO_SMALL",
        {"width": "400", "height": "15", "minimum_side": "16"},
    ),
)


class PhotosContract:
    @pytest.mark.parametrize("method", PHOTO_METHODS)
    @pytest.mark.parametrize("bad", BAD_PHOTOS, ids=lambda one: one.name)
    def test_a_photo_that_is_not_taken(
        self, calls: ContractCalls, method: str, bad: BadPhoto
    ) -> None:
        failure = calls.failure(method, **request_with(method, bad.make()))
        assert (failure.code, failure.reason) == (bad.code, bad.reason)
        assert failure.metadata.pop("request_id")
        assert failure.metadata == bad.metadata
        assert failure.violations == {}
        assert failure.message.isprintable()

    @pytest.mark.parametrize(
        "make",
        [lambda: blank(16, 16), lambda: padded(LIMIT), lambda: blank(10_000, 5000)],
        ids=["smallest", "most bytes", "most pixels"],
    )
    def test_a_photo_at_a_limit_is_taken(
        self, calls: ContractCalls, make: Callable[[], bytes]
    ) -> None:
        assert calls("AnalyzeImage", photo={"image": make()}).HasField("analysis")

    @pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WebP", "BMP", "TIFF"])
    def test_every_format_is_taken(self, calls: ContractCalls, file_format: str) -> None:
        image = encoded(Image.new("RGB", (64, 48), (200, 30, 30)), file_format)
        assert calls("AnalyzeImage", photo={"image": image}).HasField("analysis")

    def test_faults_of_fields_go_before_those_of_photos(self, calls: ContractCalls) -> None:
        failure = calls.failure("SearchByImage", photo={"image": b"no photo\n"}, k=0)
        assert (failure.reason, list(failure.violations)) == ("INVALID_FIELD", ["k"])

    def test_what_an_analysis_says(self, calls: ContractCalls) -> None:
        analysis = calls("AnalyzeImage", photo={"image": photo()}).analysis
        assert min(analysis.width, analysis.height) >= 16
        assert analysis.vector_fingerprint == calls("GetServerInfo").vector_fingerprint
        taxonomy = calls("GetTaxonomy").taxonomy
        subs = {one.super_category: set(one.sub_categories) for one in taxonomy.categories}
        values = {group.name: set(group.values) for group in taxonomy.attribute_groups}
        assert analysis.garments
        scores = [one.score for one in analysis.garments]
        assert scores == sorted(scores, reverse=True)
        for one in analysis.garments:
            assert one.sub_category in subs[one.super_category]
            assert 0 <= one.box.x0 < one.box.x1 <= 1
            assert 0 <= one.box.y0 < one.box.y1 <= 1
            assert 0 <= one.score <= 1
            assert 0 <= one.sub_category_score <= 1
            assert all(each.value in values[each.group] for each in one.attributes)
            assert math.hypot(*one.embedding.values) == pytest.approx(1.0, abs=1e-3)
            assert len(one.embedding.values) == 128
            assert sum(one.color_histogram) == pytest.approx(1.0, abs=1e-3)
            assert len(one.color_histogram) == 56

    def test_the_same_photo_has_the_same_answer(self, calls: ContractCalls) -> None:
        first = calls("AnalyzeImage", photo={"image": photo()}).analysis
        assert calls("AnalyzeImage", photo={"image": photo()}).analysis == first
        assert calls("AnalyzeImages", photo={"image": photo()}).analysis == first

    def test_a_photo_of_nothing_has_no_garment(self, calls: ContractCalls) -> None:
        analysis = calls("AnalyzeImage", photo={"image": photo_of_nothing()}).analysis
        assert list(analysis.garments) == []
        assert (analysis.width, analysis.height) == (400, 300)

    def test_a_guide_names_the_category(self, calls: ContractCalls) -> None:
        guide = {"category": SHOES}
        garments = calls("AnalyzeImage", photo={"image": photo(), "guide": guide}).analysis.garments
        assert {one.super_category for one in garments} <= {SHOES}

    @pytest.mark.parametrize("make", [photo, photo_of_nothing])
    def test_a_region_is_the_callers_word(
        self, calls: ContractCalls, make: Callable[[], bytes]
    ) -> None:
        # A threshold counts nothing with a rectangle.
        for options in ({}, {"score_threshold": 1.0}):
            request = {"image": make(), "guide": {"region": REGION}, "options": options}
            (garment,) = calls("AnalyzeImage", photo=request).analysis.garments
            assert (garment.box_origin, garment.score) == (BOX_ORIGIN_REGION, 0.0)
            box = {name: getattr(garment.box, name) for name in REGION}
            assert box == REGION

    def test_a_threshold_leaves_out_what_is_below_it(self, calls: ContractCalls) -> None:
        usual = calls("AnalyzeImage", photo={"image": photo()}).analysis.garments
        bar = (usual[0].score + usual[1].score) / 2
        options = {"score_threshold": bar}
        strict = calls(
            "AnalyzeImage", photo={"image": photo(), "options": options}
        ).analysis.garments
        assert [one.box for one in strict] == [usual[0].box]
        for garment in calls(
            "AnalyzeImage", photo={"image": photo(), "options": {"score_threshold": 1.0}}
        ).analysis.garments:
            assert garment.box_origin != BOX_ORIGIN_DETECTED

    def test_the_default_model_may_be_named(self, calls: ContractCalls) -> None:
        model = calls("GetServerInfo").attribute_model
        named = calls(
            "AnalyzeImage", photo={"image": photo(), "options": {"attribute_model": model}}
        )
        assert named == calls("AnalyzeImage", photo={"image": photo()})

    def test_both_models_see_the_same_boxes(self, calls: ContractCalls) -> None:
        found = [
            calls("AnalyzeImage", photo={"image": photo(), "guide": {"region": REGION}, "options": {
                "attribute_model": model
            }}).analysis.garments[0]
            for model in (1, 2)
        ]  # fmt: skip
        assert found[0].embedding == found[1].embedding
        assert found[0].color_histogram == found[1].color_histogram

    def test_photos_of_a_stream_are_answered_in_order(self, calls: ContractCalls) -> None:
        elements: list[dict[str, Any]] = [
            {"correlation_id": str(number), "photo": {"image": photo()}} for number in range(12)
        ]
        elements[2] = {"correlation_id": "2", "photo": {"image": b"no photo\n"}}
        elements[4] = {"correlation_id": "4"}
        elements[5] = {"photo": {"image": photo()}}
        elements[6] = {"correlation_id": "x" * 257, "photo": {"image": photo()}}
        elements[8] = {"correlation_id": "8", "photo": {"image": blank(1, 1)}}
        elements[9] = {
            "correlation_id": "8",
            "photo": {"image": photo(), "guide": {"region": REGION}},
        }
        answers = calls.stream("AnalyzeImages", elements)
        names = [one.get("correlation_id", "")[:256] for one in elements]
        assert [one.correlation_id for one in answers] == names
        failed = {
            number: element_failure(one).reason
            for number, one in enumerate(answers)
            if one.HasField("error")
        }
        assert failed == {
            2: "IMAGE_UNREADABLE",
            4: "INVALID_FIELD",
            6: "INVALID_FIELD",
            8: "IMAGE_TOO_SMALL",
        }
        alone = calls("AnalyzeImage", photo={"image": photo()}).analysis
        assert answers[0].analysis == answers[11].analysis == alone
        assert [one.box_origin for one in answers[9].analysis.garments] == [BOX_ORIGIN_REGION]

    def test_the_taxonomy(self, calls: ContractCalls) -> None:
        taxonomy = calls("GetTaxonomy").taxonomy
        assert taxonomy.version == calls("GetServerInfo").taxonomy_version
        named = {one.super_category: one.name for one in taxonomy.categories}
        names = ("top", "bottom", "outer", "dress", "shoes", "bag")
        assert named == dict(enumerate(names, start=1))
        assert all(one.sub_categories for one in taxonomy.categories)
        subs = [sub for one in taxonomy.categories for sub in one.sub_categories]
        assert len(subs) == len(set(subs))
        assert all(one.name and one.kind and one.values for one in taxonomy.attribute_groups)
