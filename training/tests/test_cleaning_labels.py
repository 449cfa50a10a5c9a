"""Majority sub-categories."""

from __future__ import annotations

import pytest

from ootd_training.data.cleaning.majority import majority, photos_of_majority


def test_majority_and_its_ties():
    assert majority(["shirt", "blouse", "shirt", None]).name == "shirt"
    tie = majority(["shirt", "blouse", None])
    assert (tie.name, tie.tied, tie.votes, tie.photos) == (None, ("blouse", "shirt"), 1, 2)
    assert majority([None, None]).name is None
    assert majority([]).photos == 0


def test_photos_of_the_majority_are_kept_and_items_with_a_tie_keep_none():
    items = ["a", "b", "a", "a", "b", "c"]
    seen = ["coat", "skirt", "coat", "jacket", "shorts", None]
    kept, decided = photos_of_majority(items, seen)
    assert kept == [0, 2]
    assert decided["b"].tied == ("shorts", "skirt")
    assert decided["c"].photos == 0
    with pytest.raises(ValueError, match="shorter"):
        photos_of_majority(items, seen[:-1])
