"""The rules by which detections become boxes."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pytest
import selection
from selection import Limits, Selection

NOTHING = (0, -1, 0, 0, 0, 0, -1)
TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = range(6)
# A portrait photo of 640 x 480 px: 320 x 240 px of the letterbox are photo, the right is padding.
GEOMETRY = (640, 480, 640, 480, 320, 240)

Numbers = tuple[float, ...]


class Select(Protocol):
    def __call__(
        self,
        rows: Sequence[Numbers],
        guide: Numbers = ...,
        limits: Limits = ...,
        geometry: Numbers = ...,
    ) -> Selection: ...


def asking(threshold: float, category: int | None = None) -> Numbers:
    """A guide with a score threshold, and with a category or nothing else."""
    return (
        (0, -1, 0, 0, 0, 0, threshold) if category is None else (1, category, *[0] * 4, threshold)
    )


@pytest.fixture
def select() -> Select:
    limits = Limits(
        score_threshold=0.3,
        guided_score_threshold=0.1,
        max_garments=20,
        max_detections=50,
        contained_share=0.75,
    )

    def run(
        rows: Sequence[Numbers],
        guide: Numbers = NOTHING,
        limits: Limits = limits,
        geometry: Numbers = GEOMETRY,
    ) -> Selection:
        """rows: (x0, y0, x1, y1, score, class), padded to 50 as the detector does."""
        table = np.zeros((50, 6), np.float32)
        if rows:
            table[: len(rows)] = rows
        detections = selection.Detections(
            table[:, :4], table[:, 4], table[:, 5].astype(np.int32), np.array(geometry, np.float32)
        )
        return selection.select(detections, np.array(guide, np.float32), limits)

    return run


def test_boxes_are_normalised_by_the_photo_inside_the_letterbox(select: Select) -> None:
    chosen = select([(60, 80, 120, 160, 0.9, TOP)])
    np.testing.assert_allclose(chosen.boxes, [[0.25, 0.25, 0.5, 0.5]])
    assert chosen.boxes.dtype == np.float32
    assert chosen.supers.tolist() == [[TOP]]
    assert chosen.supers.dtype == np.int32
    assert chosen.flags.tolist() == [[0]]
    np.testing.assert_allclose(chosen.scores, [[0.9]])


def test_best_come_first_and_weak_ones_not_at_all(select: Select) -> None:
    chosen = select(
        [
            (0, 0, 50, 50, 0.31, TOP),
            (0, 60, 50, 90, 0.8, SHOES),
            (0, 0, 9, 9, 0.29, BAG),
        ]
    )
    assert chosen.supers[:, 0].tolist() == [SHOES, TOP]
    assert chosen.guide_supers.tolist() == [[-1], [-1]]


def test_a_box_is_cut_at_the_photo_and_dropped_in_the_padding(select: Select) -> None:
    chosen = select([(200, 0, 300, 40, 0.9, TOP), (250, 0, 300, 40, 0.9, BAG)])
    assert chosen.supers[:, 0].tolist() == [TOP]
    np.testing.assert_allclose(chosen.boxes[0, 2], 1)


@pytest.mark.parametrize("box", [(50, 50, 50, 90), (90, 50, 50, 90), (np.nan, 0, 50, 50)])
def test_a_box_without_area_is_no_garment(select: Select, box: Numbers) -> None:
    assert select([(*box, 0.9, TOP)]).flags.tolist() == [[1]]


def test_nothing_detected_gives_the_whole_photo_for_the_tagger_to_name(select: Select) -> None:
    chosen = select([])
    assert chosen.boxes.tolist() == [[0, 0, 1, 1]]
    assert chosen.scores.tolist() == [[0]]
    assert chosen.supers.tolist() == [[-1]]
    assert chosen.flags.tolist() == [[1]]


def test_two_classes_in_one_place_both_go_on(select: Select) -> None:
    chosen = select([(0, 0, 100, 200, 0.7, DRESS), (0, 0, 100, 190, 0.6, TOP)])
    assert chosen.supers[:, 0].tolist() == [DRESS, TOP]


def test_no_more_than_the_most_garments(select: Select) -> None:
    limits = Limits(0.3, 0.1, max_garments=3, max_detections=7, contained_share=0.75)
    rows = [(0, 5 * i, 50, 5 * i + 5, 0.4 + i / 100, SHOES) for i in range(9)]
    chosen = select(rows, limits=limits)
    np.testing.assert_allclose(chosen.scores[:, 0], [0.48, 0.47, 0.46], rtol=1e-5)
    assert len(select(rows, limits=limits, guide=asking(0.4)).scores) == 3
    assert len(select(rows, limits=limits, guide=asking(0.2)).scores) == 7


def test_a_guide_category_rejects_others_and_lowers_its_own_threshold(select: Select) -> None:
    rows = [
        (0, 0, 100, 100, 0.9, TOP),
        (0, 0, 50, 50, 0.12, BAG),
        (0, 60, 50, 90, 0.2, BAG),
        (0, 100, 50, 130, 0.09, BAG),
    ]
    chosen = select(rows, guide=(1, BAG, 0, 0, 0, 0, -1))
    assert chosen.supers[:, 0].tolist() == [BAG, BAG]
    assert chosen.guide_supers.tolist() == [[BAG], [BAG]]
    assert chosen.guide_supers.dtype == np.int32
    np.testing.assert_allclose(chosen.scores[:, 0], [0.2, 0.12])


@pytest.mark.parametrize("category", [None, BAG])
def test_a_threshold_that_is_asked_for_stands_in_for_the_usual_one(
    select: Select, category: int | None
) -> None:
    rows = [(0, 30 * i, 50, 30 * i + 25, score, BAG) for i, score in enumerate((0.9, 0.5, 0.05))]
    for threshold, expected in ((0.01, 3), (0.05, 3), (0.06, 2), (0.5, 2), (0.6, 1)):
        chosen = select(rows, guide=asking(float(np.float32(threshold)), category))
        assert len(chosen.scores) == expected, threshold
        assert (chosen.flags == 0).all()
    assert select(rows, guide=asking(1.0, category)).flags.tolist() == [[1]]


def test_even_without_a_threshold_empty_rows_are_no_garments(select: Select) -> None:
    rows = [(0, 0, 50, 50, 0.9, TOP), (0, 60, 50, 90, 0.0, TOP)]
    assert len(select(rows, guide=asking(0.0)).scores) == 1


def test_a_guide_category_that_is_not_found_names_the_whole_photo(select: Select) -> None:
    chosen = select([(0, 0, 100, 100, 0.9, TOP)], guide=(1, BAG, 0, 0, 0, 0, -1))
    assert chosen.boxes.tolist() == [[0, 0, 1, 1]]
    assert chosen.supers.tolist() == [[BAG]]
    assert chosen.flags.tolist() == [[1]]
    # The sequencer is not told: it has to say by itself what the photo shows.
    assert chosen.guide_supers.tolist() == [[-1]]


@pytest.mark.parametrize("guide", [NOTHING, (1, BAG, 0, 0, 0, 0, -1), (2, BAG, 0, 0, 1, 1, -1)])
def test_coverage_is_the_most_that_any_detection_makes_of_the_photo(
    select: Select, guide: Numbers
) -> None:
    # Half and a quarter of the photo; of the third, half lies in the padding.
    rows = [
        (0, 0, 240, 160, 0.1, TOP),
        (0, 0, 120, 160, 0.15, SHOES),
        (180, 0, 300, 320, 0.16, BAG),
    ]
    assert select(rows, guide=guide).coverage == pytest.approx(0.05)
    assert select(rows[1:], guide=guide).coverage == pytest.approx(0.16 / 4)
    assert select([], guide=guide).coverage.tolist() == [[0]]
    bad = [(np.nan, 0, 50, 50, 0.9, TOP), (50, 50, 50, 90, 0.9, TOP), (250, 0, 300, 9, 0.9, TOP)]
    chosen = select(bad, guide=guide)
    assert chosen.coverage.tolist() == [[0]]
    assert chosen.coverage.dtype == np.float32


@pytest.mark.parametrize("category", [-1, SHOES])
def test_a_guide_rectangle_replaces_detection(select: Select, category: int) -> None:
    chosen = select([(0, 0, 100, 100, 0.9, TOP)], guide=(2, category, 0.25, 0, 1, 0.5, -1))
    assert chosen.boxes.tolist() == [[0.25, 0, 1, 0.5]]
    assert chosen.supers.tolist() == [[category]]
    assert chosen.flags.tolist() == [[2]]
    assert chosen.scores.tolist() == [[0]]
    assert chosen.guide_supers.tolist() == [[category]]


@pytest.mark.parametrize(
    ("guide", "part"),
    [
        ((3, -1, 0, 0, 1, 1, -1), "kind"),
        ((0.5, -1, 0, 0, 1, 1, -1), "kind"),
        ((np.nan, -1, 0, 0, 1, 1, -1), "finite"),
        ((2, -1, 0, 0, np.inf, 1, -1), "finite"),
        ((1, -1, 0, 0, 0, 0, -1), "super-category"),
        ((1, 6, 0, 0, 0, 0, -1), "super-category"),
        ((1, 2.5, 0, 0, 0, 0, -1), "super-category"),
        ((2, -2, 0, 0, 1, 1, -1), "super-category"),
        ((2, -1, 0.5, 0, 0.4, 1, -1), "x0"),
        ((2, -1, 0, 0, 1, 1.01, -1), "x0"),
        ((2, -1, 0.3, 0, 0.3, 1, -1), "x0"),
        ((0, -1, 0, 0, 0, 0, 1.01), "threshold"),
        ((0, -1, 0, 0, 0, 0, np.nan), "finite"),
    ],
)
def test_a_guide_that_is_none_is_refused_by_name(select: Select, guide: Numbers, part: str) -> None:
    with pytest.raises(selection.GuideError, match=part):
        select([], guide=guide)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ValueError, match="guided_score_threshold"):
        Limits.from_strings({"score_threshold": "0.3", "max_garments": "20"})


def test_a_part_of_a_garment_is_no_garment_of_its_own(select: Select) -> None:
    pair, one_shoe, bag = (20, 200, 120, 240, 0.9, SHOES), (20, 202, 64, 240, 0.5, SHOES), BAG
    chosen = select([one_shoe, pair, (*one_shoe[:4], 0.4, bag), (150, 200, 200, 240, 0.4, SHOES)])
    assert chosen.supers[:, 0].tolist() == [SHOES, BAG, SHOES]
    np.testing.assert_allclose(chosen.scores[:, 0], [0.9, 0.4, 0.4])
    # Whoever asks for shoes, or for weaker detections than usual, is shown every candidate.
    assert len(select([one_shoe, pair], guide=asking(0.3)).scores) == 1
    assert len(select([one_shoe, pair], guide=asking(0.29)).scores) == 2
    assert len(select([one_shoe, pair], guide=(1, SHOES, 0, 0, 0, 0, -1)).scores) == 2
