"""Codes of embeddings, and what a search loses by them."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from ootd_training.data.crops import WHOLE, Garment
from ootd_training.models.embedder.codes import (
    average_precision,
    average_precisions,
    codes_of,
    hamming,
)
from ootd_training.models.embedder.measure import Views, measure_views, parts_by_source, retrieval


def test_codes_have_a_bit_for_each_positive_number():
    embeddings = np.float32([[1, -1, 0, 1, 1, 1, 1, -1] * 2])
    assert codes_of(embeddings).tolist() == [[0b10011110, 0b10011110]]


def test_hamming_counts_differing_bits():
    codes = np.array([[0b1100, 1], [0b1010, 0], [0, 0]], np.uint8)
    assert hamming(codes[:2], codes).tolist() == [[0, 3, 3], [3, 0, 2]]


def test_average_precision_of_a_list_without_ties():
    relevant = np.array([True, False, True, False])
    assert average_precision(np.array([4, 3, 2, 1]), relevant) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([1, 2, 3, 4]), relevant) == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_ties_count_with_the_mean_over_their_orders():
    similarity = np.array([2, 1, 1, 1, 0, 0])
    relevant = np.array([False, True, False, True, False, True])
    expected = []
    for order in permutations(range(6)):
        if (np.diff(similarity[list(order)]) > 0).any():
            continue
        hits = relevant[list(order)]
        expected.append((np.cumsum(hits) / np.arange(1, 7))[hits].mean())
    assert average_precision(similarity, relevant) == pytest.approx(np.mean(expected))


def test_queries_without_a_right_hit_have_no_precision():
    found = average_precisions(np.ones((2, 3)), np.array([[True, True, True], [False] * 3]))
    assert found[0] == 1
    assert np.isnan(found[1])


def garment(super_index, sub, color, source="catalog"):
    return Garment(source, Path("a.jpg"), WHOLE, super_index, (sub,), {"color": color})


def views(embeddings, queries):
    """Three garments of a super-category, two of them of one label, and one alone in another."""
    garments = (garment(0, 1, 5), garment(0, 1, 5), garment(0, 2, 5, "outfit"), garment(3, 18, 0))
    return Views(garments, np.float32(embeddings), {"same_item": np.float32(queries)})


def unit(*angles):
    radians = np.deg2rad(angles)
    # Eight numbers, so that a code is a byte.
    return np.stack([np.cos(radians), np.sin(radians)] + [np.zeros(len(angles))] * 6, axis=1)


def test_codes_lose_what_lies_in_one_quadrant():
    found = retrieval(views(unit(10, 80, 200, 0), unit(12, 78, 205, 0)))
    same = found["same_item"]
    assert same["cosine"] == 1
    # The first two share a code, so each is first in half of the orders: (1 + 1/2) / 2.
    assert same["codes"] == pytest.approx((0.75 + 0.75 + 1) / 3, abs=1e-4)
    assert same["loss"] == pytest.approx(same["cosine"] - same["codes"], abs=1e-4)
    assert same["queries"] == 3, "a garment alone in its super-category is not searched"


def test_other_garments_of_the_same_label_are_the_hits():
    found = retrieval(views(unit(10, 200, 80, 0), unit(12, 205, 78, 0)))["same_label"]
    assert found["queries"] == 2
    assert found["cosine"] == 0.5, "the third garment, of another label, is nearer to both"


def test_sources_are_measured_apart():
    found = views(unit(10, 80, 200, 0), unit(12, 205, 78, 0))
    parts = parts_by_source(found)
    assert [len(part.garments) for part in parts.values()] == [4, 3], "one outfit is no search"
    measures = measure_views(found)
    assert measures["garments"] == 4
    assert measures["same_item"]["top1"] == pytest.approx(1 / 3, abs=1e-4)
    assert measures["same_item"]["top5"] == 1
