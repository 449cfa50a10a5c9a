"""The pixels of one label, parted into the garments that they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
LEAST_PIXELS = 20
LEAST_OF_LABEL = 0.01
STRAY_OF_LABEL = 0.06
STRAY_DISTANCE = 0.05
BAG_DISTANCE = 0.06
BAG_SHARE = 0.1
BAG_THICKNESS = 0.015
STRAP_SHAPE = 1.5
STRAP_SHARE = 0.3
SHOE_ZONE = 0.6
LEAST_SIDE = 6
LEAST_AREA = {"bag": 0.0006, "shoes": 0.0005}
LEAST_AREA_OF_CLOTHES = 0.0015
SECOND_PERSON = 0.5


@dataclass(frozen=True)
class Person:
    """Where a labelled person is: `blob` bool[h, w], rows `top` to `bottom`."""

    blob: Mask
    top: int
    bottom: int

    def depth(self, row: float) -> float:
        """How far down the person a row of the photo is: 0 at the top, 1 at the bottom."""
        return (row - self.top) / max(1, self.bottom - self.top)


def components(mask: Mask) -> list[Mask]:
    """Parts of a mask that hang together over edges or corners, largest first."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    order = sorted(range(1, count), key=lambda i: (-int(statistics[i, cv2.CC_STAT_AREA]), i))
    return [labels == index for index in order]


def find_people(label_map: NDArray[np.integer]) -> list[Person]:
    """The labelled people of a label map [h, w] (0: no label), largest first: the largest part
    that hangs together, and others of at least half its size."""
    parts = components(label_map > 0)
    people = []
    for blob in parts:
        if blob.sum() >= SECOND_PERSON * parts[0].sum():
            rows = np.flatnonzero(blob.any(axis=1))
            people.append(Person(blob, int(rows[0]), int(rows[-1])))
    return people


def nearest_person(people: list[Person]) -> NDArray[np.int64]:
    """Index of the nearest person for each pixel, i64[h, w]."""
    fields = [
        cv2.distanceTransform((~person.blob).astype(np.uint8), cv2.DIST_L2, 5) for person in people
    ]
    return np.asarray(np.stack(fields).argmin(axis=0), np.int64)


def gap_between(left: Mask, right: Mask) -> float:
    """Distance in pixels between the boxes of two masks; 0 where they touch or overlap."""
    ax0, ay0, ax1, ay1 = tight_box(left)
    bx0, by0, bx1, by1 = tight_box(right)
    return float(np.hypot(max(0, bx0 - ax1, ax0 - bx1), max(0, by0 - ay1, ay0 - by1)))


def thickness(mask: Mask) -> float:
    """Diameter in pixels of the largest disc that fits into a mask."""
    padded = np.pad(mask.astype(np.uint8), 1)
    return 2.0 * float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max())


def _solid_components(mask: Mask) -> list[Mask]:
    least = max(LEAST_PIXELS, LEAST_OF_LABEL * mask.sum())
    return [part for part in components(mask) if part.sum() >= least]


def garment_pixels(mask: Mask, person: Person, *, shoes: bool) -> Mask | None:
    """The garment (or the pair of shoes) that a label's pixels show; None if nothing is left.

    Parts under 20 px or 1 % of the label are dropped, as are parts under 6 % that lie over 5 % of
    the photo's height from the largest; clothes count on the person alone, shoes in the lower
    40 % of the person. What is left is one garment: a coat that a strap parts is one coat.
    """
    parts = _solid_components(mask)
    if shoes:
        parts = [p for p in parts if person.depth(_middle_row(p)) >= SHOE_ZONE]
    else:
        parts = [p for p in parts if (p & person.blob).any()]
    if not parts:
        return None
    main, total = parts[0], mask.sum()
    far = STRAY_DISTANCE * mask.shape[0]
    kept = [
        p for p in parts[1:] if p.sum() >= STRAY_OF_LABEL * total or gap_between(main, p) <= far
    ]
    return _joined([main, *kept])


def bag_pixels(mask: Mask) -> list[Mask]:
    """The bags that a label's pixels show.

    Parts within 6 % of the photo's height are one bag. A farther one is a bag of its own when it
    is thick and at least a tenth of the largest, else a strap and dropped. The two straps of a
    backpack seen from the front are one bag.
    """
    parts = _solid_components(mask)
    reach, thick = BAG_DISTANCE * mask.shape[0], BAG_THICKNESS * mask.shape[0]
    bags: list[Mask] = []
    for part in parts:
        near = [i for i, bag in enumerate(bags) if gap_between(bag, part) <= reach]
        joined = _joined([part, *(bags[i] for i in near)])
        bags = [bag for i, bag in enumerate(bags) if i not in near] + [joined]
    bags.sort(key=lambda bag: -int(bag.sum()))
    if len(bags) > 1 and _are_straps(bags[0], bags[1]):
        return [bags[0] | bags[1]]
    return [
        bag
        for index, bag in enumerate(bags)
        if index == 0 or (bag.sum() >= BAG_SHARE * bags[0].sum() and thickness(bag) >= thick)
    ]


def _are_straps(left: Mask, right: Mask) -> bool:
    """Whether two parts are upright, side by side and about alike: the straps of a backpack."""
    boxes = [tight_box(left), tight_box(right)]
    upright = all(y1 - y0 >= STRAP_SHAPE * (x1 - x0) for x0, y0, x1, y1 in boxes)
    shared = min(b[3] for b in boxes) - max(b[1] for b in boxes)
    heights = [y1 - y0 for _, y0, _, y1 in boxes]
    alike = right.sum() >= STRAP_SHARE * left.sum()
    return bool(upright and alike and shared >= 0.5 * min(heights))


def is_large_enough(mask: Mask, super_name: str) -> bool:
    """Whether a garment reaches its super-category's least share of the photo, and 6 px a side."""
    x0, y0, x1, y1 = tight_box(mask)
    share = LEAST_AREA.get(super_name, LEAST_AREA_OF_CLOTHES)
    return bool(mask.sum() >= share * mask.size and min(x1 - x0, y1 - y0) >= LEAST_SIDE)


def tight_box(mask: Mask) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of a mask that is not empty; x1 and y1 lie just outside."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _joined(masks: Sequence[Mask]) -> Mask:
    return np.asarray(np.logical_or.reduce(masks), np.bool_)


def _middle_row(mask: Mask) -> float:
    _, y0, _, y1 = tight_box(mask)
    return (y0 + y1) / 2
