"""Garments from the pixels of one label."""

from __future__ import annotations

import numpy as np
import pytest

from ootd_training.data.fetch.garment_masks import (
    Person,
    bag_pixels,
    find_people,
    garment_pixels,
    is_large_enough,
    nearest_person,
    tight_box,
)

SHAPE = (400, 200)


def mask(*boxes):
    made = np.zeros(SHAPE, bool)
    for x0, y0, x1, y1 in boxes:
        made[y0:y1, x0:x1] = True
    return made


PERSON = Person(mask((40, 20, 160, 380)), 20, 379)


def box_of(boxes, *, shoes=False):
    pixels = garment_pixels(mask(*boxes), PERSON, shoes=shoes)
    return None if pixels is None else tight_box(pixels)


def test_a_coat_that_a_strap_parts_is_one_coat():
    assert box_of([(50, 60, 95, 200), (100, 60, 150, 200)]) == (50, 60, 150, 200)


def test_specks_and_far_small_parts_are_dropped_and_near_ones_kept():
    coat = (50, 60, 150, 200)
    assert box_of([coat, (50, 205, 54, 209)]) == coat  # 16 px
    assert box_of([coat, (50, 205, 60, 212)]) == coat  # 0.5 % of the label
    assert box_of([coat, (50, 205, 75, 215)]) == (50, 60, 150, 215)
    assert box_of([coat, (50, 240, 75, 250)]) == coat  # 40 px away, and 1.8 %
    assert box_of([coat, (50, 240, 100, 270)]) == (50, 60, 150, 270)


def test_clothes_count_on_the_person_alone_and_shoes_at_the_bottom():
    assert box_of([(165, 60, 195, 120)]) is None
    assert box_of([(50, 345, 80, 380), (110, 345, 140, 380)], shoes=True) == (50, 345, 140, 380)
    assert box_of([(50, 60, 90, 100)], shoes=True) is None
    # A shoe may lie beside the person's own pixels.
    assert box_of([(165, 345, 190, 370)], shoes=True) == (165, 345, 190, 370)


def test_near_parts_are_one_bag_and_far_ones_bags_of_their_own():
    assert [tight_box(b) for b in bag_pixels(mask((20, 100, 60, 150), (20, 170, 60, 200)))] == [
        (20, 100, 60, 200)
    ]
    two = bag_pixels(mask((20, 100, 60, 150), (120, 100, 150, 140)))
    assert [tight_box(bag) for bag in two] == [(20, 100, 60, 150), (120, 100, 150, 140)]


def test_thin_or_small_far_parts_of_a_bag_are_dropped():
    bag = (20, 100, 60, 160)
    assert len(bag_pixels(mask(bag, (120, 100, 124, 190)))) == 1  # a strap
    assert len(bag_pixels(mask(bag, (120, 100, 134, 114)))) == 1  # under a tenth


def test_two_straps_of_a_backpack_are_one_bag():
    straps = bag_pixels(mask((60, 60, 75, 120), (125, 62, 138, 118)))
    assert [tight_box(bag) for bag in straps] == [(60, 60, 138, 120)]


@pytest.mark.parametrize(("kind", "least"), [("top", 120), ("bag", 48), ("shoes", 40)])
def test_least_sizes(kind, least):
    enough = mask((10, 10, 18, 11 + least // 8))
    enough[11, 10 : 10 + enough.sum() - least] = False
    assert enough.sum() == least
    assert is_large_enough(enough, kind)
    enough[12, 12] = False
    assert not is_large_enough(enough, kind)
    assert not is_large_enough(mask((10, 10, 15, 200)), kind)  # 5 px wide


def test_two_people_and_to_whom_pixels_belong():
    labels = mask((10, 20, 80, 380), (120, 20, 190, 300), (95, 100, 99, 110)).astype(np.uint8)
    people = find_people(labels)
    assert [person.bottom for person in people] == [379, 299]
    owner = nearest_person(people)
    assert (owner[200, 5], owner[200, 92], owner[200, 110], owner[200, 195]) == (0, 0, 1, 1)
    assert find_people(np.zeros(SHAPE, np.uint8)) == []
