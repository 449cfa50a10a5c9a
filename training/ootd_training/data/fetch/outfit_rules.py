"""Garments of an outfit photo from its pixel labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.fetch.corrections import OutfitCorrection
from ootd_training.data.fetch.garment_masks import (
    Mask,
    Person,
    bag_pixels,
    find_people,
    garment_pixels,
    is_large_enough,
    nearest_person,
    tight_box,
)
from ootd_training.data.fetch.mapping import (
    DEPENDENT_LABELS,
    NULL_LABEL,
    OUTFIT_KINDS,
    Kind,
    is_worn_under_a_vest,
)
from ootd_training.taxonomy import SUPER_CATEGORIES

WAIST_OF_TOP = 0.5
"""A dress is a skirt when it starts below this share of a separate top's height. Fitted to the
photos of the training split, where all such skirts start at 0.52 or lower, dresses above 0.3."""
TIGHTS_AS_TOP = 0.5
"""Tights whose middle is above this depth of the person are a mesh top."""


@dataclass(frozen=True)
class OutfitGarment:
    """A garment of a photo: the source's `label`, its `kind`, its pixels bool[h, w], and `note`,
    the rule that changed its class (None: the label alone decides)."""

    label: str
    kind: Kind
    mask: Mask
    note: str | None = None


def garments_of(
    label_map: NDArray[np.integer],
    names: Sequence[str],
    corrections: Sequence[OutfitCorrection] = (),
) -> list[OutfitGarment]:
    """Garments of a label map [h, w] whose value i means `names[i]`, by super-category.

    `corrections` are the photo's own: labels that are plainly wrong. IndexError if a value has no
    name.
    """
    people = find_people(label_map)
    if len(people) > 1:
        owner = nearest_person(people)
        maps = [np.where(owner == index, label_map, 0) for index in range(len(people))]
    else:
        maps = [label_map] * len(people)
    found = [
        garment
        for person, own in zip(people, maps, strict=True)
        for garment in _garments_of_person(own, names, corrections, person)
    ]
    return sorted(found, key=lambda g: SUPER_CATEGORIES.index(g.kind.super))


def _garments_of_person(
    label_map: NDArray[np.integer],
    names: Sequence[str],
    corrections: Sequence[OutfitCorrection],
    person: Person,
) -> list[OutfitGarment]:
    found: list[OutfitGarment] = []
    pending: dict[str, Mask] = {}
    for value in np.unique(label_map).tolist():
        label = names[value]
        own = [c for c in corrections if c.label == label]
        mask = label_map == value
        if own:
            found += _corrected(label, mask, person, own)
        elif label in DEPENDENT_LABELS:
            pixels = garment_pixels(mask, person, shoes=False)
            if pixels is not None:
                pending[label] = pixels
        elif label in OUTFIT_KINDS and label != NULL_LABEL:
            found += _of_label(label, OUTFIT_KINDS[label], mask, person)
    found = _skirts_told_from_dresses(found, pending, {c.label for c in corrections})
    for label in ("bodysuit", "vest", "tights"):
        if label in pending:
            found += _dependent(label, pending[label], found, person)
    return [g for g in found if is_large_enough(g.mask, g.kind.super)]


def _of_label(
    label: str, kind: Kind, mask: Mask, person: Person, note: str | None = None
) -> list[OutfitGarment]:
    if kind.super == "bag":
        return [OutfitGarment(label, kind, bag, note) for bag in bag_pixels(mask)]
    pixels = garment_pixels(mask, person, shoes=kind.super == "shoes")
    return [] if pixels is None else [OutfitGarment(label, kind, pixels, note)]


def _corrected(
    label: str, mask: Mask, person: Person, corrections: Iterable[OutfitCorrection]
) -> list[OutfitGarment]:
    """Garments of a label that a correction names, each from its own rows of the photo."""
    found: list[OutfitGarment] = []
    height = mask.shape[0]
    for correction in corrections:
        rows = np.zeros_like(mask)
        rows[round(correction.top * height) : round(correction.bottom * height)] = True
        found += _of_label(label, correction.kind, mask & rows, person, correction.note)
    return found


def _skirts_told_from_dresses(
    found: list[OutfitGarment], pending: dict[str, Mask], corrected: set[str]
) -> list[OutfitGarment]:
    """The same garments, with a dress that starts at the waist below a top made a skirt."""
    tops = [g.mask for g in found if g.kind.super == "top"]
    tops += [pending[label] for label in ("vest", "tights") if label in pending]
    if not tops or "dress" in corrected:
        return found
    _, y0, _, y1 = tight_box(max(tops, key=lambda mask: int(mask.sum())))
    waist = y0 + WAIST_OF_TOP * (y1 - y0)
    return [
        replace(g, kind=Kind("bottom", "skirt"), note="dress-as-skirt")
        if g.label == "dress" and tight_box(g.mask)[1] >= waist
        else g
        for g in found
    ]


def _dependent(
    label: str, mask: Mask, found: Sequence[OutfitGarment], person: Person
) -> list[OutfitGarment]:
    """The garment of a label whose meaning depends on what else is worn, if there is one."""
    supers = {g.kind.super for g in found}
    decide: Callable[[], tuple[Kind, str | None] | None] = {
        "bodysuit": lambda: _bodysuit(supers),
        "vest": lambda: _vest(found, supers),
        "tights": lambda: _tights(mask, person, supers),
    }[label]
    decision = decide()
    return [] if decision is None else [OutfitGarment(label, decision[0], mask, decision[1])]


def _bodysuit(supers: set[str]) -> tuple[Kind, str | None]:
    if "bottom" in supers:
        return Kind("top", None), None
    return Kind("dress", None), "bodysuit-as-dress"


def _vest(found: Sequence[OutfitGarment], supers: set[str]) -> tuple[Kind, str | None]:
    if any(is_worn_under_a_vest(g.label, g.kind) for g in found):
        return Kind("outer", "vest"), None
    if supers.isdisjoint({"bottom", "dress"}):
        return Kind("dress", None), "vest-as-dress"
    return Kind("top", "tank-top"), "vest-as-tank-top"


def _tights(mask: Mask, person: Person, supers: set[str]) -> tuple[Kind, str | None] | None:
    _, y0, _, y1 = tight_box(mask)
    if person.depth((y0 + y1) / 2) < TIGHTS_AS_TOP:
        return Kind("top", None), "tights-as-top"
    if supers.isdisjoint({"bottom", "dress"}):
        return Kind("bottom", "leggings"), None
    return None
