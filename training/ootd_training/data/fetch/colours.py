"""The dominant colour of a garment, by name.

Pixels are grouped in CIE Lab (D65), each group gets a name by lightness L, chroma C and hue angle
h (degrees), light and shadow of the leading colour are counted with it, and the name with the
largest share wins. Where the published description of the labels gives no exact bound, the bounds
here were fitted to the training split's labels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ootd_training.data.fetch.colour_names import colour_name
from ootd_training.data.fetch.garment_masks import Mask

GROUPS = 6
MOST_PIXELS = 3000
RIM_WIDTH = 2
LEAST_PIXELS = 30
BACKGROUND_RIM = 0.04
BACKGROUND_SHARE = 0.1
BACKGROUND_DISTANCE = 13.0
LEAST_FOREGROUND = 0.35
MOST_STRETCH = 1.15
WHITE_LEVEL = 92.0
MULTICOLOR = "multicolor"
SAME_HUE = 22.0
# How far light and shadow count when the leader is chosen (0: not, 1: wholly): a white shirt has
# much grey in its folds, while a grey one has little white.
COUNTED_FOR_LEADER = {"white": 0.6}
COUNTED_OTHERWISE = 0.2
ALIKE = frozenset(
    frozenset((name, other))
    for name, others in {
        "gray": ("black", "white", "beige", "navy", "blue"),
        "navy": ("blue", "black", "purple"),
        "beige": ("white", "brown", "yellow", "pink"),
        "red": ("pink", "orange", "brown"),
        "brown": ("orange", "black"),
        "purple": ("pink", "blue"),
        "orange": ("yellow",),
        "green": ("blue",),
    }.items()
    for other in others
)
"""Pairs of names that shade into one another; others are unlike."""


class Group(NamedTuple):
    """Pixels of about one colour: their share (0 to 1), median Lab, and the colour's name."""

    share: float
    lightness: float
    a: float
    b: float
    name: str

    @property
    def chroma(self) -> float:
        """Distance from gray."""
        return math.hypot(self.a, self.b)

    @property
    def hue(self) -> float:
        """Hue angle in degrees, 0 to 360."""
        return math.degrees(math.atan2(self.b, self.a)) % 360


def garment_colour(photo: NDArray[np.uint8], mask: Mask) -> tuple[str, float]:
    """Colour name of the pixels under a mask bool[h, w] of an RGB photo u8[h, w, 3], and the share
    (0 to 1) of them that counts to the leading colour. A rim of 2 px is left out, unless too
    little of the garment would be left."""
    side = 2 * RIM_WIDTH + 1
    inner = cv2.erode(
        mask.astype(np.uint8),
        np.ones((side, side), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=1,
    ).astype(bool)
    pixels = lab(photo)[inner if inner.sum() >= LEAST_PIXELS else mask]
    return dominant(groups(pixels, catalog=False))


def catalog_colour(photo: NDArray[np.uint8]) -> tuple[str, float]:
    """Colour name and share as `garment_colour`, for a photo of one garment without a mask.

    Looks at the central half by width and by height, less pixels within 13 Lab units of a main
    colour of the photo's rim (unless under 35 % would be left), with L stretched by 1.15 at most
    so that the photo's 95th percentile reaches 92.
    """
    pixels = lab(photo)
    bright = float(np.percentile(pixels[..., 0], 95))
    stretch = min(MOST_STRETCH, max(1.0, WHITE_LEVEL / max(bright, 1.0)))
    pixels[..., 0] = np.minimum(100, pixels[..., 0] * stretch)
    height, width = pixels.shape[:2]
    rim = max(2, round(BACKGROUND_RIM * min(height, width)))
    strips = (pixels[:rim], pixels[-rim:], pixels[:, :rim], pixels[:, -rim:])
    around = groups(np.concatenate([strip.reshape(-1, 3) for strip in strips]), catalog=True)
    middle = pixels[height // 4 : height - height // 4, width // 4 : width - width // 4]
    centre = middle.reshape(-1, 3)
    unlike = np.ones(len(centre), bool)
    for group in around:
        if group.share >= BACKGROUND_SHARE:
            distance = np.linalg.norm(centre - np.array(group[1:4]), axis=1)
            unlike &= distance > BACKGROUND_DISTANCE
    return dominant(groups(centre[unlike] if unlike.mean() >= LEAST_FOREGROUND else centre))


def lab(photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIE Lab (D65) f32[h, w, 3] of an RGB photo u8[h, w, 3]; L is 0 to 100."""
    levels = photo.astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(levels, cv2.COLOR_RGB2LAB), np.float32)


def groups(pixels: NDArray[np.float32], *, catalog: bool = True) -> list[Group]:
    """At most 6 groups of Lab pixels f32[n, 3] by k-means; up to 3000 pixels are looked at."""
    if len(pixels) > MOST_PIXELS:
        chosen = np.random.default_rng(0).choice(len(pixels), MOST_PIXELS, replace=False)
        pixels = pixels[chosen]
    cv2.setRNGSeed(1)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.2)
    samples = np.ascontiguousarray(pixels, np.float32)
    count = min(GROUPS, len(samples))
    owner = np.zeros((len(samples), 1), np.int32)
    cv2.kmeans(samples, count, owner, criteria, 2, cv2.KMEANS_PP_CENTERS)
    found = []
    for index in range(count):
        members = samples[owner[:, 0] == index]
        if len(members):
            light, red, yellow = np.median(members, axis=0).tolist()
            name = colour_name(light, red, yellow, catalog=catalog)
            found.append(Group(len(members) / len(samples), light, red, yellow, name))
    return found


def dominant(found: Sequence[Group]) -> tuple[str, float]:
    """The leading colour of some groups, or "multicolor", and the share counted to the leader.

    It is multicolor when the leader is under 60 % and an unlike colour has 25 % or more, or it is
    under 50 % with two others of 10 % or more (unlike ones 15 % in all), or under 40 % with three
    others.
    """
    own: dict[str, float] = defaultdict(float)
    for group in found:
        own[group.name] += group.share
    counted = {name: _counted_share(name, found) for name in own}

    def strength(name: str) -> tuple[float, str]:
        weight = COUNTED_FOR_LEADER.get(name, COUNTED_OTHERWISE)
        return own[name] + weight * (counted[name] - own[name]), name

    leader = max(own, key=strength)
    share = counted[leader]
    main = _main_group(leader, found)
    others: dict[str, float] = defaultdict(float)
    for group in found:
        if not _counts_to(group, main):
            others[group.name] += group.share
    unlike = [v for name, v in others.items() if frozenset((name, leader)) not in ALIKE]
    is_multicolor = (
        (share < 0.6 and max(unlike, default=0) >= 0.25)
        or (share < 0.5 and sum(v >= 0.1 for v in others.values()) >= 2 and sum(unlike) >= 0.15)
        or (share < 0.4 and sum(v >= 0.05 for v in others.values()) >= 3)
    )
    return (MULTICOLOR if is_multicolor else leader), share


def _main_group(name: str, found: Sequence[Group]) -> Group:
    return max((g for g in found if g.name == name), key=lambda group: group.share)


def _counted_share(name: str, found: Sequence[Group]) -> float:
    main = _main_group(name, found)
    return sum(group.share for group in found if _counts_to(group, main))


def _counts_to(group: Group, main: Group) -> bool:
    """Whether a group is light or shadow of a colour whose main group is given."""
    if group.name == main.name or {group.name, main.name} == {"blue", "navy"}:
        return True
    light, chroma, is_gray = group.lightness, group.chroma, group.name == "gray"
    if main.name == "white":
        counts = (is_gray and light >= 45) or (light >= 60 and chroma < 15)
    elif main.name == "black":
        counts = (is_gray and light <= 40) or light < 35
    elif main.name == "gray":
        near_gray = group.name == "white" or (chroma < 11 and light > 10)
        counts = (group.name == "black" and light >= 10) or (light <= 80 and near_gray)
    elif is_gray:
        counts = main.name in {"blue", "navy"} and group.b < -3
    else:
        hue_apart = abs((group.hue - main.hue + 180) % 360 - 180)
        counts = group.name not in {"black", "white"} and hue_apart <= SAME_HUE
    return counts
