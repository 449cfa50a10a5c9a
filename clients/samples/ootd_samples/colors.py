"""Colours of cloth: sampled in CIE Lab and named by lightness, chroma and hue.

The names and limits are those by which the labelled real photos were named, so a colour drawn
here and a colour read there mean the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RGB = tuple[int, int, int]

# Lightness, chroma and hue (degrees) ranges to draw from; each lies well inside its name's region.
_RANGES: dict[str, tuple[tuple[float, float, float, float, float, float], ...]] = {
    "black": ((9, 17, 0, 3, 0, 360),),
    "white": ((89, 96, 0, 3, 60, 110),),
    "gray": ((40, 66, 0, 3, 0, 360),),
    "beige": ((70, 82, 14, 24, 68, 86),),
    "brown": ((26, 44, 18, 32, 52, 72),),
    "red": ((34, 46, 48, 66, 26, 38),),
    "pink": ((64, 80, 22, 44, 350, 372),),
    "orange": ((60, 70, 60, 76, 52, 66),),
    "yellow": ((76, 88, 55, 80, 82, 98),),
    "green": ((30, 56, 22, 45, 125, 165),),
    "blue": ((44, 68, 26, 46, 248, 278),),
    "navy": ((15, 24, 18, 28, 268, 284),),
    "purple": ((30, 46, 32, 52, 306, 324),),
}
NAMED: tuple[str, ...] = tuple(_RANGES)


def lab_to_rgb(lightness: float, a: float, b: float) -> RGB:
    """CIE Lab (D65) to 8-bit sRGB, clipped to the gamut."""
    fy = (lightness + 16) / 116
    f = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    xyz *= np.array([0.95047, 1.0, 1.08883])
    matrix = np.array(
        [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    )
    linear = np.clip(matrix @ xyz, 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    r, g, bl = (round(float(v) * 255) for v in srgb)
    return r, g, bl


def rgb_to_lab(rgb: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """8-bit sRGB (..., 3) to CIE Lab (D65) of the same shape."""
    c = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ matrix.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def color_name(rgb: RGB) -> str:
    """The name of one colour (never `multicolor`), by lightness, chroma and hue in CIE Lab."""
    lightness, a, b = (float(v) for v in rgb_to_lab(rgb))
    chroma, hue = float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)
    if chroma < (11 if 112 <= hue < 337 else 7):
        return "black" if lightness < 28 else "white" if lightness > 76 else "gray"
    # Warm hues start at 337 degrees: count on from there, past 360.
    warm = hue + 360 if hue < 112 else hue
    if warm >= 337:
        return _warm_name(lightness, chroma, warm - 360)
    if hue < 205:
        return "green"
    if hue < 297:
        return "navy" if hue >= 225 and lightness < 32 else "blue"
    return "pink" if lightness > 60 and chroma > 30 else "purple"


def _warm_name(lightness: float, chroma: float, hue: float) -> str:
    """From pink (hue -23) over red, orange and yellow to olive (112)."""
    if hue < 20:
        light = lightness >= (40 if chroma >= 45 else 52)
        name = "pink" if light else "red" if chroma >= 20 else "brown"
    elif hue < 47:
        strong = chroma >= 18 and (chroma >= 38 or lightness < 35)
        pale = "pink" if lightness >= 58 else "brown"
        name = "orange" if chroma >= 50 and hue >= 40 else "red" if strong else pale
    elif hue < 72:
        name = "orange" if chroma >= 48 else "beige" if lightness >= 60 else "brown"
    elif hue < 90:
        name = "yellow" if chroma >= 46 else "beige" if lightness >= 57 else "brown"
    else:
        name = _olive(lightness, chroma)
    return name


def _olive(lightness: float, chroma: float) -> str:
    if chroma >= 34 and lightness >= 58:
        return "yellow"
    if lightness >= 85 and chroma < 12:
        return "white"
    if lightness >= 62:
        return "beige"
    return "green" if chroma >= 14 else "brown"


def sample(name: str, rng: np.random.Generator) -> RGB:
    """A colour of that name; ValueError for `multicolor` and unknown names."""
    if name not in _RANGES:
        raise ValueError(f"no single colour is called {name!r}; known are: {', '.join(NAMED)}")
    for _ in range(40):
        ranges = _RANGES[name]
        l0, l1, c0, c1, h0, h1 = ranges[int(rng.integers(len(ranges)))]
        chroma, hue = rng.uniform(c0, c1), np.radians(rng.uniform(h0, h1))
        rgb = lab_to_rgb(
            float(rng.uniform(l0, l1)), float(chroma * np.cos(hue)), float(chroma * np.sin(hue))
        )
        if color_name(rgb) == name:
            return rgb
    raise RuntimeError(f"the range of {name} lies outside its region")  # a bug in the table


def distance(one: RGB, other: RGB) -> float:
    """Euclidean distance of two colours in CIE Lab."""
    return float(np.linalg.norm(rgb_to_lab(one) - rgb_to_lab(other)))


def scale(rgb: RGB, factor: float) -> RGB:
    """The colour made darker (below 1) or lighter (above 1), clipped."""
    r, g, b = (min(255, max(0, round(v * factor))) for v in rgb)
    return r, g, b


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """The colour `share` of the way from one to the other."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def dominant_name(shares: dict[RGB, float]) -> str:
    """The name of a patterned cloth: the largest named share, or `multicolor` when it is torn.

    Torn means: the winner is under 60 % and an unlike colour has 25 % or more, or it is under 50 %
    with two others of 10 % or more.
    """
    named: dict[str, float] = {}
    for rgb, share in shares.items():
        name = color_name(rgb)
        named[name] = named.get(name, 0.0) + share
    (winner, most), *others = sorted(named.items(), key=lambda pair: -pair[1])
    if most < 0.6 and others and others[0][1] >= 0.25:
        return "multicolor"
    if most < 0.5 and sum(share >= 0.1 for _, share in others) >= 2:
        return "multicolor"
    return winner
