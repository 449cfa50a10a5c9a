"""The cross-checks between detector and tagger."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import verification
from verification import Garments, Labels

TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = range(6)
KEPT, DISAGREES, DRESS_EXPLAINS, PARTS_EXPLAIN, NOT_OF_CATEGORY, NO_GARMENT = range(6)
DETECTED, WHOLE_PHOTO, RECTANGLE = range(3)
FIRST_SUB = {TOP: 0, BOTTOM: 6, OUTER: 12, DRESS: 18, SHOES: 20, BAG: 27}
WHOLE, UPPER, LOWER = (0.2, 0, 0.8, 1), (0.2, 0, 0.8, 0.5), (0.2, 0.5, 0.8, 1)

Box = tuple[float, float, float, float]
Seen = tuple[Box, float, int, Mapping[int, float]]
"""Box, score, detected super-category, and what the tagger says of sub-categories."""


class Judge(Protocol):
    def __call__(
        self,
        garments: Sequence[Seen],
        guided: bool = ...,
        attributes: float = ...,
        flag: int = ...,
        coverage: float = ...,
    ) -> Garments: ...


@pytest.fixture(scope="session")
def labels(model_repository: Path) -> Labels:
    return Labels.from_taxonomy(json.loads((model_repository / "taxonomy.json").read_text()))


@pytest.fixture
def judge(labels: Labels) -> Judge:
    def run(
        garments: Sequence[Seen],
        guided: bool = False,
        attributes: float = 0.5,
        flag: int = DETECTED,
        coverage: float = 0.0,
    ) -> Garments:
        """garments: (box, score, detected super, {sub: probability}); the rest is spread evenly."""
        table = np.zeros((len(garments), labels.sub_count), np.float32)
        for row, (_, _, _, probabilities) in zip(table, garments, strict=True):
            row[:] = (1 - sum(probabilities.values())) / labels.sub_count
            for sub, probability in probabilities.items():
                row[sub] += probability
        findings = verification.Findings(
            np.array([box for box, *_ in garments], np.float32),
            np.array([[score] for _, score, *_ in garments], np.float32),
            np.array([[category] for _, _, category, _ in garments], np.int32),
            np.full((len(garments), 1), flag, np.int32),
            coverage,
            table,
            np.full((len(garments), labels.attribute_count), attributes, np.float32),
        )
        rules = verification.Rules(
            disagreement_confidence=0.6,
            overlap_threshold=0.5,
            dress_preference=1.0,
            same_place_iou=0.7,
            least_coverage=0.25,
        )
        return verification.verify(findings, labels, rules, guided=guided)

    return run


def test_agreement_keeps_the_garment_with_its_best_sub_category(judge: Judge) -> None:
    result = judge([(UPPER, 0.9, TOP, {1: 0.6, 2: 0.3})])
    assert result.supers.tolist() == [[TOP]]
    assert result.subs.tolist() == [[1]]
    assert result.statuses.tolist() == [[KEPT]]
    # Probability among the six tops: 0.6 + 0.1 / 32 of 0.9 + 6 * 0.1 / 32.
    assert result.sub_scores[0, 0] == pytest.approx((0.6 + 0.1 / 32) / (0.9 + 0.6 / 32), rel=1e-4)
    assert [array.dtype for array in (result.supers, result.subs, result.statuses)] == ["i4"] * 3
    assert result.sub_scores.dtype == result.attributes.dtype == np.float32


def test_the_tagger_names_what_the_detector_did_not(judge: Judge) -> None:
    # No shoe wins by itself, all shoes together do.
    seen = {0: 0.2, 20: 0.15, 21: 0.15, 26: 0.16}
    for flag in (WHOLE_PHOTO, RECTANGLE):
        result = judge([(WHOLE, 0, -1, seen)], flag=flag, coverage=0.5)
        assert result.supers.tolist() == [[SHOES]]
        assert result.subs.tolist() == [[26]]
        assert result.statuses.tolist() == [[KEPT]]


def test_a_sure_tagger_drops_what_it_calls_otherwise(judge: Judge) -> None:
    result = judge([(UPPER, 0.9, TOP, {0: 0.9}), (LOWER, 0.5, BAG, {20: 0.9})])
    assert result.statuses[:, 0].tolist() == [KEPT, DISAGREES]
    assert result.supers[:, 0].tolist() == [TOP, BAG]
    assert result.subs[1, 0] in range(27, 32)


def test_an_unsure_tagger_drops_nothing(judge: Judge) -> None:
    result = judge([(UPPER, 0.9, TOP, {0: 0.9}), (LOWER, 0.5, BAG, {20: 0.4})])
    assert result.statuses[:, 0].tolist() == [KEPT, KEPT]


@pytest.mark.parametrize(("score", "named"), [(0.4, SHOES), (0.95, BAG)])
def test_one_garment_is_always_kept_as_the_surer_model_calls_it(
    judge: Judge, score: float, named: int
) -> None:
    result = judge([(UPPER, 0.3, TOP, {20: 0.8}), (LOWER, score, BAG, {20: 0.8})])
    assert result.statuses[:, 0].tolist() == [DISAGREES, KEPT]
    assert result.supers[1, 0] == named
    assert (result.subs[1, 0] in range(20, 27)) == (named == SHOES)


@pytest.mark.parametrize(("flag", "score"), [(DETECTED, 0.1), (RECTANGLE, 0)])
def test_the_word_of_the_caller_stands(judge: Judge, flag: int, score: float) -> None:
    result = judge([(WHOLE, score, BAG, {20: 0.9})], guided=True, flag=flag)
    assert result.statuses.tolist() == [[KEPT]]
    assert result.supers.tolist() == [[BAG]]


@pytest.mark.parametrize("sure", [0.9, 0.3])
def test_what_the_whole_photo_does_not_show_is_not_invented(judge: Judge, sure: float) -> None:
    seen = {0: sure}  # a t-shirt, surely or just more than anything else
    result = judge([(WHOLE, 0, SHOES, seen)], guided=True, flag=WHOLE_PHOTO, coverage=0.5)
    assert result.statuses.tolist() == [[NOT_OF_CATEGORY]]
    # What is there instead.
    assert (result.supers.tolist(), result.subs.tolist()) == ([[TOP]], [[0]])
    result = judge([(WHOLE, 0, TOP, seen)], guided=True, flag=WHOLE_PHOTO, coverage=0.5)
    assert (result.supers.tolist(), result.statuses.tolist()) == ([[TOP]], [[KEPT]])


@pytest.mark.parametrize("category", [-1, TOP, SHOES])
def test_a_photo_that_nothing_covers_shows_no_garment(judge: Judge, category: int) -> None:
    guided, seen = category >= 0, {0: 0.99}
    garment = [(WHOLE, 0, category, seen)]
    result = judge(garment, guided=guided, flag=WHOLE_PHOTO, coverage=0.2)
    assert (result.supers.tolist(), result.statuses.tolist()) == ([[TOP]], [[NO_GARMENT]])
    assert judge(garment, guided=guided, flag=WHOLE_PHOTO, coverage=0.25).statuses != NO_GARMENT
    # Who drew a rectangle saw a garment in it.
    result = judge(garment, guided=True, flag=RECTANGLE, coverage=0.0)
    assert result.statuses.tolist() == [[KEPT]]


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ValueError, match="overlap_threshold"):
        verification.Rules.from_strings({"disagreement_confidence": "0.5"})


def test_a_better_dress_drops_the_parts(judge: Judge) -> None:
    result = judge(
        [
            (WHOLE, 0.8, DRESS, {18: 0.9}),
            (UPPER, 0.6, TOP, {0: 0.5, 18: 0.4}),
            (LOWER, 0.6, BOTTOM, {6: 0.5, 18: 0.4}),
            (LOWER, 0.6, OUTER, {12: 0.9}),
        ]
    )
    assert result.statuses[:, 0].tolist() == [KEPT, DRESS_EXPLAINS, DRESS_EXPLAINS, KEPT]


def test_better_parts_drop_the_dress(judge: Judge) -> None:
    result = judge(
        [
            (WHOLE, 0.5, DRESS, {18: 0.5}),
            (UPPER, 0.9, TOP, {0: 0.9}),
            (LOWER, 0.9, BOTTOM, {6: 0.9}),
        ]
    )
    assert result.statuses[:, 0].tolist() == [PARTS_EXPLAIN, KEPT, KEPT]


def test_parts_count_with_their_mean(judge: Judge) -> None:
    # One strong and one weak part: 0.9 * 0.9 and 0.35 * 0.9, mean 0.56; the dress has 0.6 * 0.98.
    result = judge(
        [
            (WHOLE, 0.65, DRESS, {18: 0.98}),
            (UPPER, 0.9, TOP, {0: 0.9}),
            (LOWER, 0.35, BOTTOM, {6: 0.9}),
        ]
    )
    assert result.statuses[:, 0].tolist() == [KEPT, DRESS_EXPLAINS, DRESS_EXPLAINS]


def test_weak_parts_say_nothing_against_strong_ones(judge: Judge) -> None:
    weak = [((0.2, 0, 0.8, 0.5 - part / 50), 0.02, TOP, {0: 0.9}) for part in range(1, 6)]
    result = judge([(WHOLE, 0.5, DRESS, {18: 0.5}), (UPPER, 0.9, TOP, {0: 0.9}), *weak])
    assert result.statuses[:2, 0].tolist() == [PARTS_EXPLAIN, KEPT]


def test_a_dress_beside_a_top_is_another_person(judge: Judge) -> None:
    result = judge(
        [((0, 0, 0.4, 1), 0.9, DRESS, {18: 0.9}), ((0.3, 0, 0.9, 0.5), 0.5, TOP, {0: 0.9})]
    )
    assert result.statuses[:, 0].tolist() == [KEPT, KEPT]


def test_a_part_that_was_dropped_before_explains_nothing(judge: Judge) -> None:
    result = judge([(WHOLE, 0.3, DRESS, {18: 0.5}), (UPPER, 0.9, TOP, {27: 0.9})])
    assert result.statuses[:, 0].tolist() == [KEPT, DISAGREES]


def test_attributes_that_do_not_apply_are_zero(
    judge: Judge, labels: Labels, model_repository: Path
) -> None:
    result = judge([(UPPER, 0.9, TOP, {0: 0.9}), (LOWER, 0.9, SHOES, {20: 0.9})])
    taxonomy = json.loads((model_repository / "taxonomy.json").read_text())
    column = 0
    for group in taxonomy["attribute_groups"]:
        if not group["trained"]:
            continue
        values = result.attributes[:, column : column + len(group["values"])]
        column += len(group["values"])
        applies = group["applies_to"] == "all" or "t-shirt" in group["applies_to"]
        assert (values[0] == (0.5 if applies else 0)).all(), group["name"]
        applies = group["applies_to"] == "all" or "boots" in group["applies_to"]
        assert (values[1] == (0.5 if applies else 0)).all(), group["name"]
    assert column == labels.attribute_count


def test_groups_that_are_not_trained_have_no_columns(model_repository: Path) -> None:
    taxonomy = json.loads((model_repository / "taxonomy.json").read_text())
    for group in taxonomy["attribute_groups"]:
        group["trained"] = group["name"] in {"audience", "neckline", "material"}
    labels = Labels.from_taxonomy(taxonomy)
    widths = {group["name"]: len(group["values"]) for group in taxonomy["attribute_groups"]}
    assert labels.attribute_count == sum(
        widths[name] for name in ("audience", "neckline", "material")
    )
    boots = labels.applies[20].tolist()  # have no neckline
    assert boots == [True] * 2 + [False] * widths["neckline"] + [True] * widths["material"]
    for group in taxonomy["attribute_groups"]:
        group["trained"] = False
    assert Labels.from_taxonomy(taxonomy).applies.shape == (32, 0)


def test_probabilities_of_zero_stay_in_the_super_category(labels: Labels) -> None:
    zeros = np.zeros((1, labels.sub_count), np.float32)
    findings = verification.Findings(
        np.array([WHOLE], np.float32),
        np.array([[0.5]], np.float32),
        np.array([[BAG]], np.int32),
        np.array([[DETECTED]], np.int32),
        0.0,
        zeros,
        np.zeros((1, labels.attribute_count), np.float32),
    )
    result = verification.verify(
        findings, labels, verification.Rules(0.6, 0.5, 1.0, 0.7, 0.1), guided=False
    )
    assert result.subs[0, 0] in range(27, 32)
    assert result.sub_scores.tolist() == [[0]]


def test_an_attribute_group_of_an_unknown_sub_category_is_named(model_repository: Path) -> None:
    taxonomy = json.loads((model_repository / "taxonomy.json").read_text())
    taxonomy["attribute_groups"][0]["applies_to"] = ["gown"]
    with pytest.raises(ValueError, match="gown"):
        Labels.from_taxonomy(taxonomy)


@pytest.mark.parametrize(
    ("box", "expected"),
    [((0, 0, 1, 1), 1), ((0.1, 0.1, 0.2, 0.2), 1), ((0.5, 0, 1.5, 1), 0.5), ((2, 2, 3, 3), 0)],
)
def test_overlap_is_relative_to_the_smaller_box(box: Box, expected: float) -> None:
    shared = verification.overlap(np.array([0, 0, 1, 1], np.float32), np.array([box], np.float32))
    np.testing.assert_allclose(shared, [expected], rtol=1e-5)


def test_a_preferred_dress_yields_only_to_much_better_tops_and_bottoms(labels: Labels) -> None:
    boxes = np.array([(0, 0, 1, 1), (0, 0, 1, 0.5)], np.float32)
    table = np.zeros((2, labels.sub_count), np.float32)
    table[0, 18] = table[1, 0] = 1.0  # the tagger is sure of both
    for dress_score, statuses in ((0.5, [0, 2]), (0.4, [3, 0])):
        findings = verification.Findings(
            boxes,
            np.array([[dress_score], [0.9]], np.float32),
            np.array([[DRESS], [TOP]], np.int32),
            np.array([[DETECTED], [DETECTED]], np.int32),
            0.0,
            table,
            np.zeros((2, labels.attribute_count), np.float32),
        )
        rules = verification.Rules(0.8, 0.5, 2.0, same_place_iou=0.7, least_coverage=0.1)
        result = verification.verify(findings, labels, rules, guided=False)
        assert result.statuses[:, 0].tolist() == statuses


def test_one_garment_has_one_super_category(judge: Judge) -> None:
    # Unsure of both, the tagger drops neither; together with the detector it prefers the coat.
    unsure = {FIRST_SUB[TOP]: 0.3, FIRST_SUB[OUTER]: 0.4}
    same = [(UPPER, 0.6, TOP, unsure), ((0.2, 0.02, 0.8, 0.5), 0.5, OUTER, unsure)]
    assert judge(same).statuses[:, 0].tolist() == [DISAGREES, KEPT]
    apart = [(UPPER, 0.6, TOP, unsure), ((0.2, 0.2, 0.8, 0.8), 0.5, OUTER, unsure)]
    assert judge(apart).statuses[:, 0].tolist() == [KEPT, KEPT]
    assert judge(same, guided=True).statuses[:, 0].tolist() == [KEPT, KEPT]
