"""Colours of drawn cloth: named by lightness, chroma and hue as the labelled photos are."""

import numpy as np
import pytest

from ootd_samples import colors, patterns
from ootd_samples.design import GarmentDesign
from ootd_samples.labels import PATTERNS


@pytest.mark.parametrize("name", colors.NAMED)
def test_a_sampled_colour_has_its_name(name: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        assert colors.color_name(colors.sample(name, rng)) == name


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "gray"),
        ((200, 20, 30), "red"),
        ((20, 30, 80), "navy"),
        ((70, 120, 190), "blue"),
        ((250, 210, 40), "yellow"),
        ((210, 190, 160), "beige"),
        ((90, 60, 35), "brown"),
        ((240, 130, 30), "orange"),
        ((240, 150, 180), "pink"),
        ((110, 60, 140), "purple"),
        ((40, 110, 50), "green"),
    ],
)
def test_well_known_colours(rgb: colors.RGB, name: str) -> None:
    assert colors.color_name(rgb) == name


def test_lab_of_known_colours() -> None:
    # Values of the CIE for sRGB under D65.
    assert colors.rgb_to_lab((255, 0, 0)) == pytest.approx((53.24, 80.09, 67.20), abs=0.05)
    assert colors.rgb_to_lab((255, 255, 255)) == pytest.approx((100, 0, 0), abs=0.05)
    for rgb in ((12, 200, 99), (250, 3, 77)):
        lightness, a, b = colors.rgb_to_lab(rgb)
        assert colors.lab_to_rgb(lightness, a, b) == rgb


def test_unknown_colours_are_refused() -> None:
    with pytest.raises(ValueError, match="multicolor"):
        colors.sample("multicolor", np.random.default_rng(0))


def test_the_dominant_name() -> None:
    white, black, red, blue = (255, 255, 255), (10, 10, 10), (200, 20, 30), (70, 120, 190)
    assert colors.dominant_name({white: 0.7, black: 0.3}) == "white"
    assert colors.dominant_name({white: 0.55, black: 0.45}) == "multicolor"
    assert colors.dominant_name({white: 0.45, red: 0.2, blue: 0.2, black: 0.15}) == "multicolor"
    assert colors.dominant_name({white: 0.5, (250, 250, 250): 0.3, black: 0.2}) == "white"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_shares_of_a_pattern_sum_to_one(pattern: str) -> None:
    palette = ((200, 20, 30), (255, 255, 255), (20, 30, 80))
    shares = patterns.shares(palette, pattern, 0.04, 3)
    assert sum(shares.values()) == pytest.approx(1)
    if pattern in ("striped", "dotted", "floral"):
        assert shares[palette[0]] > 0.4
        assert shares[palette[1]] > 0.01


def test_unknown_patterns_are_refused() -> None:
    grid = np.zeros((4, 4), np.float32)
    palette = ((200, 20, 30), (255, 255, 255), (20, 30, 80))
    with pytest.raises(ValueError, match="unknown pattern 'paisley'"):
        patterns.cloth(palette, "paisley", 0.04, 1, patterns.Place(grid, grid, 0.01))


def test_a_solid_design_is_named_after_its_only_colour() -> None:
    for seed in range(60):
        design = GarmentDesign.random(seed)
        if design.pattern == "solid":
            assert design.color == colors.color_name(design.palette[0])
