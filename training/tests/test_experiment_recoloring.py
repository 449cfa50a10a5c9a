"""Dyeing under a mask, and designs in other colours."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ootd_samples", reason="needs ootd-samples", exc_type=ImportError)

from ootd_samples import GarmentDesign, colors
from ootd_training.experiments.recoloring import choose_colors, dyed, dyed_design, main_color


def shirt(cloth: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A photo of a cloth with a lighter stripe on a grey background, and its mask."""
    photo = np.full((40, 40, 3), 120, np.uint8)
    photo[10:30, 10:30] = cloth
    photo[18:20, 10:30] = np.minimum(np.array(cloth) + 40, 255)
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    return photo, mask


@pytest.mark.parametrize("cloth", [(200, 30, 30), (20, 20, 22), (235, 235, 230)])
def test_the_cloth_takes_the_color_and_the_rest_stays(cloth: tuple[int, int, int]) -> None:
    photo, mask = shirt(cloth)
    target = (40, 90, 170)
    changed = dyed(photo, mask, target)
    assert colors.distance(main_color(changed, mask), target) < 3
    assert (changed[mask == 0] == photo[mask == 0]).all()
    assert colors.distance(tuple(changed[19, 20]), tuple(changed[25, 20])) > 3, "the stripe is gone"


def test_chosen_colors_are_unlike_each_other() -> None:
    own = (20, 20, 20)
    found = choose_colors(own, 4, np.random.default_rng(3))
    assert len(found) == 4
    everything = [own, *found]
    for i, one in enumerate(everything):
        for other in everything[:i]:
            assert colors.distance(one, other) >= 30


def test_a_dyed_design_keeps_its_cut_and_is_another_item() -> None:
    design = GarmentDesign.random(5, "t-shirt")
    other = dyed_design(design, (200, 40, 40))
    assert other.palette[0] == (200, 40, 40)
    assert other.color == "red"
    assert other.item != design.item
    assert (other.pattern, other.fit, other.details) == (design.pattern, design.fit, design.details)
    assert len(set(other.palette)) == len(other.palette)
