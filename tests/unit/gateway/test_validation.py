from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ootd_gateway import validation
from ootd_gateway.errors import InvalidRequestError
from ootd_gateway.types import AttributeModel, Box, SuperCategory
from ootd_gateway.validation import Violations

KNOWN = {SuperCategory.TOP: ("shirt", "blouse"), SuperCategory.BAG: ("purse",)}


def found(check: Callable[..., object], *values: Any) -> list[tuple[str, str]]:
    """The violations that a check adds, as pairs."""
    violations = Violations()
    check(*values, "field", violations)
    try:
        violations.check()
    except InvalidRequestError as error:
        return [(one.field, one.description) for one in error.violations]
    return []


@pytest.mark.parametrize("value", ["a", "SKU-1", "shop:9/a.b_c-d", "x" * 128, "0"])
def test_good_ids(value: str) -> None:
    assert found(validation.item_id, value) == []
    assert found(validation.page_token, value) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "is empty"),
        ("x" * 129, "has 129"),
        ("x" * 10_000, "has 10000"),
        ("a b", '"a b"'),
        ("é", '"é"'),
        ("a\n", r"'a\n'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("a\x00", "letters"),
        ("٣", "letters"),  # a digit, but no ASCII one
    ],
)
def test_bad_ids(value: str, text: str) -> None:
    ((field, description),) = found(validation.item_id, value)
    assert field == "field"
    assert text in description
    assert len(description) < 200
    assert description.isprintable()


def test_page_tokens() -> None:
    assert found(validation.page_token, "") == []
    assert len(found(validation.page_token, "a b")) == 1
    assert len(found(validation.page_token, "x" * 129)) == 1


def test_lists_of_ids() -> None:
    assert found(validation.item_ids, ["a"]) == []
    assert found(validation.item_ids, ["a"] * 1000) == []
    assert found(validation.item_ids, []) == [("field", "must hold 1 to 1000 ids, holds 0")]
    assert found(validation.item_ids, ["a"] * 1001) == [
        ("field", "must hold 1 to 1000 ids, holds 1001")
    ]
    assert [field for field, _ in found(validation.item_ids, ["a", "", "b", "?"])] == [
        "field[1]",
        "field[3]",
    ]


@pytest.mark.parametrize("value", ["", "Blue jeans", "Größe M 👗 원피스", "x" * 512, "a\u00a0b"])
def test_good_titles(value: str) -> None:
    assert found(validation.title, value) == []


@pytest.mark.parametrize(
    "value", ["a\x00b", "\n", "tab\there", "\x7f", "\x85", "\u2028", "x" * 513, "a\u202egnp.exe"]
)
def test_bad_titles(value: str) -> None:
    ((field, description),) = found(validation.title, value)
    assert field == "field"
    assert description.isprintable()


def test_attributes() -> None:
    assert found(validation.attributes, {}) == []
    assert found(validation.attributes, {"n" * 64: "v" * 256, "brand": ""}) == []
    assert found(validation.attributes, {str(n): "" for n in range(65)}) == [
        ("field", "must hold at most 64 attributes, holds 65")
    ]
    bad = {"": "v", "n" * 65: "v", "long": "v" * 257, "line": "a\nb", "a\x00": "v"}
    fields = [field for field, _ in found(validation.attributes, bad)]
    assert len(fields) == 5
    assert 'field["long"]' in fields


def test_payload_and_correlation_id() -> None:
    assert found(validation.payload, bytes(16_384)) == []
    assert found(validation.payload, bytes(16_385)) == [
        ("field", "must have at most 16384 bytes, has 16385")
    ]
    assert found(validation.correlation_id, "é" * 128) == []
    assert len(found(validation.correlation_id, "é" * 129)) == 1


def test_an_image_must_be_there() -> None:
    assert found(validation.image_present, b"x") == []
    assert found(validation.image_present, b"") == [
        ("field", "holds no bytes: the photo was not set, or its file is empty")
    ]


@pytest.mark.parametrize("value", [1, 10, 1000])
def test_good_counts(value: int) -> None:
    violations = Violations()
    assert validation.k(value, "k", violations) == value
    assert validation.page_size(value, "page_size", violations) == value
    assert len(violations) == 0


@pytest.mark.parametrize("value", [0, -1, 1001, 100_000, 2**32 - 1])
def test_bad_counts(value: int) -> None:
    assert found(validation.k, value) == [("field", f"must be 1 to 1000, is {value}")]
    assert found(validation.page_size, value) == [("field", f"must be 1 to 1000, is {value}")]


def test_default_counts() -> None:
    violations = Violations()
    assert validation.k(None, "k", violations) == 10
    assert validation.page_size(None, "page_size", violations) == 100


def test_super_categories() -> None:
    violations = Violations()
    for number in range(1, 7):
        assert validation.super_category(number, "f", violations) == SuperCategory(number - 1)
    assert validation.optional_super_category(0, "f", violations) is None
    assert len(violations) == 0
    assert len(found(validation.super_category, 0)) == 1
    for number in (7, -1, 99):
        assert len(found(validation.super_category, number)) == 1
        assert len(found(validation.optional_super_category, number)) == 1


@pytest.mark.parametrize("value", [None, 0.0, 0.01, 1.0])
def test_good_score_thresholds(value: float | None) -> None:
    violations = Violations()
    assert validation.score_threshold(value, "f", violations) == value
    assert len(violations) == 0


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf"), float("-inf")])
def test_bad_score_thresholds(value: float) -> None:
    assert found(validation.score_threshold, value) == [("field", f"must be 0 to 1, is {value:g}")]


def test_attribute_models() -> None:
    violations = Violations()
    numbered = [validation.attribute_model(number, "f", violations) for number in range(3)]
    assert numbered == [None, AttributeModel.TAGGER, AttributeModel.SEQUENCER]
    assert len(violations) == 0
    for number in (3, -1, 99):
        assert len(found(validation.attribute_model, number)) == 1


def test_good_regions() -> None:
    violations = Violations()
    assert validation.region(0.0, 0.25, 1.0, 0.5, "r", violations) == Box(0.0, 0.25, 1.0, 0.5)
    assert len(violations) == 0


@pytest.mark.parametrize(
    ("corners", "fields"),
    [
        ((-0.1, 0.0, 1.0, 1.0), ["field.x0"]),
        ((0.0, 0.0, 1.1, 1.0), ["field.x1"]),
        ((0.0, 0.0, 640.0, 480.0), ["field.x1", "field.y1"]),
        ((0.5, 0.0, 0.5, 1.0), ["field.x1"]),
        ((0.6, 0.7, 0.5, 0.6), ["field.x1", "field.y1"]),
        ((float("nan"), 0.0, 1.0, 1.0), ["field.x0"]),
        ((0.0, 0.0, float("inf"), 1.0), ["field.x1"]),
        ((0.0, 0.0, 0.0, 0.0), ["field.x1", "field.y1"]),
    ],
)
def test_bad_regions(corners: tuple[float, ...], fields: list[str]) -> None:
    assert [field for field, _ in found(validation.region, *corners)] == fields


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e30])
def test_embeddings_are_normalised(scale: float) -> None:
    violations = Violations()
    values = np.random.default_rng(1).normal(size=128) * scale
    vector = validation.embedding(values.tolist(), "e", violations)
    assert len(violations) == 0
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    assert np.dot(vector, values / np.linalg.norm(values)) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ([], "field"),
        ([1.0] * 127, "field"),
        ([1.0] * 129, "field"),
        ([0.0] * 128, "field"),
        ([1.0] * 5 + [float("nan")] + [1.0] * 122, "field[5]"),
        ([1.0] * 127 + [float("-inf")], "field[127]"),
    ],
)
def test_bad_embeddings(values: list[float], field: str) -> None:
    assert [one for one, _ in found(validation.embedding, values)] == [field]


def test_histograms() -> None:
    violations = Violations()
    assert validation.color_histogram([], "h", violations) is None
    bins = validation.color_histogram([2.0] + [0.0] * 54 + [6.0], "h", violations)
    assert len(violations) == 0
    assert bins is not None
    assert (bins[0], bins[55], bins.sum()) == (0.25, 0.75, 1.0)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ([1.0] * 55, "field"),
        ([1.0] * 57, "field"),
        ([0.0] * 56, "field"),
        ([-1.0] + [1.0] * 55, "field[0]"),
        ([1.0] * 55 + [float("inf")], "field[55]"),
        ([float("nan")] * 56, "field[0]"),
    ],
)
def test_bad_histograms(values: list[float], field: str) -> None:
    assert [one for one, _ in found(validation.color_histogram, values)] == [field]


def test_sub_categories_belong_to_their_super_category() -> None:
    def fields(value: str, category: SuperCategory) -> int:
        violations = Violations()
        validation.sub_category(value, category, KNOWN, "s", violations)
        return len(violations)

    assert fields("shirt", SuperCategory.TOP) == fields("", SuperCategory.SHOES) == 0
    assert fields("shirt", SuperCategory.BAG) == fields("Shirt", SuperCategory.TOP) == 1


def test_all_violations_come_at_once() -> None:
    violations = Violations()
    validation.item_id("", "item_id", violations)
    validation.k(0, "k", violations)
    validation.title("\x00", "title", violations)
    with pytest.raises(InvalidRequestError) as caught:
        violations.check()
    assert [one.field for one in caught.value.violations] == ["item_id", "k", "title"]
    assert "must be 1 to 1000, is 0" in caught.value.message
