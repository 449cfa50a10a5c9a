"""Classes of garments, from labels and what else is worn."""

from __future__ import annotations

import numpy as np
import pytest

from ootd_training.data.fetch.corrections import OutfitCorrection, decisions
from ootd_training.data.fetch.garment_masks import tight_box
from ootd_training.data.fetch.mapping import CATALOG_KINDS, OUTFIT_KINDS, Kind, kinds_of_tags
from ootd_training.data.fetch.outfit_rules import garments_of
from ootd_training.taxonomy import SUPER_CATEGORIES, load_taxonomy

UPPER, LOWER, LEGS = (60, 60, 140, 150), (60, 150, 140, 200), (65, 200, 135, 360)


def found(**boxes):
    """What the rules make of labels painted as boxes, later ones on top; underscores are "-"."""
    names = ["null", "skin", *(label.replace("_", "-") for label in boxes)]
    labels = np.zeros((400, 200), np.uint8)
    labels[20:390, 62:138] = 1
    for value, (x0, y0, x1, y1) in enumerate(boxes.values(), 2):
        labels[y0:y1, x0:x1] = value
    return [(g.label, g.kind.super, g.kind.sub, g.note) for g in garments_of(labels, names)]


def test_every_mapped_kind_is_in_the_taxonomy():
    taxonomy = load_taxonomy()
    for kind in (*OUTFIT_KINDS.values(), *CATALOG_KINDS.values()):
        assert kind.super in SUPER_CATEGORIES
        if kind.sub:
            taxonomy.sub(kind.super, kind.sub)


def test_labels_without_a_super_category_give_no_garment():
    assert found(hair=UPPER, hat=LOWER) == []


def test_garments_come_by_super_category():
    assert found(pants=LEGS, coat=UPPER, t_shirt=(90, 70, 110, 150)) == [
        ("t-shirt", "top", "t-shirt", None),
        ("pants", "bottom", "pants", None),
        ("coat", "outer", "coat", None),
    ]


def test_a_dress_below_a_top_is_a_skirt():
    skirt = ("dress", "bottom", "skirt", "dress-as-skirt")
    assert skirt in found(blouse=UPPER, dress=(60, 150, 140, 300))
    whole = ("dress", "dress", "dress", None)
    assert whole in found(blouse=UPPER, dress=(100, 80, 140, 300))
    assert whole in found(coat=UPPER, dress=(60, 150, 140, 300))


@pytest.mark.parametrize(
    ("worn", "result"),
    [
        ({"shirt": (60, 60, 140, 100), "pants": LEGS}, ("outer", "vest", None)),
        ({"dress": (60, 60, 140, 300)}, ("outer", "vest", None)),
        ({"pants": LEGS}, ("top", "tank-top", "vest-as-tank-top")),
        ({"bra": (60, 60, 140, 80), "pants": LEGS}, ("top", "tank-top", "vest-as-tank-top")),
        ({"dress": (60, 160, 140, 300)}, ("top", "tank-top", "vest-as-tank-top")),
        ({"coat": LOWER}, ("dress", None, "vest-as-dress")),
    ],
)
def test_what_a_vest_is(worn, result):
    assert ("vest", *result) in found(**worn, vest=(60, 80, 140, 150))


def test_what_a_bodysuit_is():
    assert ("bodysuit", "top", None, None) in found(bodysuit=UPPER, skirt=LOWER)
    assert found(bodysuit=UPPER) == [("bodysuit", "dress", None, "bodysuit-as-dress")]


def test_what_tights_are():
    assert ("tights", "top", None, "tights-as-top") in found(tights=UPPER, pants=LEGS)
    assert found(tights=LEGS) == [("tights", "bottom", "leggings", None)]
    assert "tights" not in {g[0] for g in found(tights=LEGS, skirt=LOWER)}
    assert "tights" not in {g[0] for g in found(tights=LEGS, dress=(60, 60, 140, 200))}


def test_a_correction_parts_one_label_by_rows():
    labels = np.zeros((400, 200), np.uint8)
    labels[60:360, 60:140] = 1
    corrections = [
        OutfitCorrection("jeans", Kind("outer", "jacket"), "by-eye", 0.0, 0.45),
        OutfitCorrection("jeans", Kind("bottom", "jeans"), "by-eye", 0.45, 1.0),
    ]
    garments = garments_of(labels, ["null", "jeans"], corrections)
    assert [(g.kind, tight_box(g.mask)) for g in garments] == [
        (Kind("bottom", "jeans"), (60, 180, 140, 360)),
        (Kind("outer", "jacket"), (60, 60, 140, 180)),
    ]


def test_each_of_two_people_has_garments_of_their_own():
    labels = np.zeros((400, 300), np.uint8)
    for x in (20, 180):
        labels[60:300, x : x + 80] = 1
    garments = garments_of(labels, ["null", "dress"])
    assert [tight_box(g.mask) for g in garments] == [(20, 60, 100, 300), (180, 60, 260, 300)]


def test_nothing_labelled_gives_nothing():
    assert garments_of(np.zeros((40, 30), np.uint8), ["null"]) == []


@pytest.mark.parametrize(
    ("tags", "kinds"),
    [
        (["t-shirt", "top", "skin"], [("top", None), ("top", "t-shirt")]),
        (["heels", "wedges", "skirt"], [("bottom", "skirt"), ("shoes", "heels")]),
        (["vest", "blouse"], [("top", "blouse"), ("outer", "vest")]),
        (["vest", "romper"], [("top", "tank-top"), ("dress", "romper")]),
        (["bodysuit", "jeans"], [("top", None), ("bottom", "jeans")]),
        (["bodysuit", "tights"], [("dress", None)]),
    ],
)
def test_kinds_of_tags(tags, kinds):
    assert kinds_of_tags(tags) == kinds


def test_splits_and_corrections_are_whole():
    tables = decisions()
    assert {tables.split_of_outfit(n) for n in (1, 5, 3)} == {"train", "val", "test"}
    assert tables.split_of_sender("no such sender") == "test"
    taxonomy = load_taxonomy()
    for number, corrections in tables.outfits.items():
        assert number in tables.outfit_splits
        for correction in corrections:
            assert correction.top < correction.bottom
            if correction.kind.sub:
                taxonomy.sub(correction.kind.super, correction.kind.sub)
