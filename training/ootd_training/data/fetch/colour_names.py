"""Names of single colours in CIE Lab."""

from __future__ import annotations

import math

BLACK_LIGHTNESS = 29
WHITE_LIGHTNESS = 75


def colour_name(lightness: float, a: float, b: float, *, catalog: bool) -> str:
    """One of thirteen names for a colour in CIE Lab (L 0 to 100).

    In the catalogue the light is warm, so less blue is enough to be called blue.
    """
    chroma = math.hypot(a, b)
    hue = math.degrees(math.atan2(b, a)) % 360
    very_dark = lightness < 18 and chroma < 12
    if very_dark or chroma < _least_chroma(hue, catalog=catalog):
        if lightness < BLACK_LIGHTNESS:
            return "black"
        return "white" if lightness > WHITE_LIGHTNESS else "gray"
    if 112 <= hue < 337:
        return _cold_name(lightness, hue)
    if hue >= 337 or hue < 47:
        return _red_name(lightness, chroma, hue)
    return _warm_name(lightness, chroma, hue)


def _least_chroma(hue: float, *, catalog: bool) -> float:
    """Chroma below which a colour of this hue is black, gray or white."""
    if 112 <= hue < 205:
        return 10
    if 205 <= hue < 297:
        return 7.5 if catalog else 11
    return 15 if 297 <= hue < 337 else 7


def _cold_name(lightness: float, hue: float) -> str:
    if hue < 205:
        return "green"
    if hue < 297:
        return "navy" if hue >= 225 and lightness < 32 else "blue"
    return "pink" if lightness >= 58 else "purple"


def _red_name(lightness: float, chroma: float, hue: float) -> str:
    if hue >= 337 or hue < 20:
        if lightness >= 52 or (chroma >= 45 and lightness >= 40):
            return "pink"
        return "red" if chroma >= 20 else "brown"
    if chroma >= 50 and hue >= 40:
        return "orange"
    if lightness >= 58 and chroma < 50:
        return "pink"
    if chroma >= 42 or (lightness < 40 and chroma >= 18):
        return "red"
    return "pink" if lightness >= 58 else "brown"


def _warm_name(lightness: float, chroma: float, hue: float) -> str:
    if hue < 72:
        if chroma >= 48:
            return "orange"
        return "beige" if lightness >= 60 else "brown"
    if hue < 90:
        if chroma >= 46:
            return "yellow"
        return "beige" if lightness >= 57 else "brown"
    return _olive_name(lightness, chroma, hue)


def _olive_name(lightness: float, chroma: float, hue: float) -> str:
    if chroma >= 34 and lightness >= 58:
        return "yellow"
    if lightness >= 78 and chroma < 14:
        return "white"
    if hue >= 100 and (chroma >= 9 or lightness < 50):
        return "green"
    return "beige" if lightness >= 55 else "brown"
