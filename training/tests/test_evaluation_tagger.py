"""What the tagger's report says beside the shares of right answers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from labelled_photos import write_data
from ootd_training.data.crops import WHOLE, Garment
from ootd_training.evaluation import tagger as evaluate
from ootd_training.models.tagger.measure import (
    Answers,
    attribute_measures,
    confusion,
    learnt_groups,
    reliability,
    served_subs,
)
from ootd_training.report.page import Page
from ootd_training.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
COLORS, SLEEVES = TAXONOMY.group("color"), TAXONOMY.group("sleeve_length")


def garment(super_name, sub=None, **values):
    index = TAXONOMY.supers.index(super_name)
    subs = (TAXONOMY.sub(super_name, sub),) if sub else TAXONOMY.subs_of(index)
    return Garment("catalog", Path("a.jpg"), WHOLE, index, subs, values)


def answers(*rows):
    """Rows of a garment, the sub-category answered, and the best colour and sleeve length."""
    subs = np.full((len(rows), len(TAXONOMY.subs)), 1e-3, np.float32)
    attributes = np.zeros((len(rows), TAXONOMY.attribute_count), np.float32)
    for number, (_, named, color, sleeve) in enumerate(rows):
        subs[number, TAXONOMY.sub(*named)] = 0.9
        attributes[number, COLORS.start + color] = 1
        attributes[number, SLEEVES.start + sleeve] = 1
    return Answers(tuple(row[0] for row in rows), subs, attributes)


def test_the_served_sub_category_is_of_the_best_super_category():
    subs = np.zeros((1, len(TAXONOMY.subs)), np.float32)
    subs[0, TAXONOMY.sub("dress", "dress")] = 0.4
    subs[0, [TAXONOMY.sub("top", name) for name in ("shirt", "blouse")]] = 0.35, 0.25
    assert served_subs(subs, TAXONOMY).tolist() == [TAXONOMY.sub("top", "shirt")]


def test_attributes_are_judged_as_they_are_served():
    shirt, dress = ("top", "shirt"), ("dress", "dress")
    found = attribute_measures(
        answers(
            (garment(*shirt, color=1, sleeve_length=2), shirt, 1, 2),  # both right
            (garment(*shirt, color=1, sleeve_length=2), shirt, 3, 0),  # both wrong
            (garment(*shirt, color=1, sleeve_length=2), dress, 1, 2),  # dresses have no sleeves
            (garment(*dress, color=1), shirt, 1, 2),  # a dress cannot have the group
            (garment(*shirt), shirt, 1, 2),  # nothing is known
        ),
        TAXONOMY,
    )
    assert found["color"] == {"precision": 0.75, "recall": 0.75, "given": 4, "labelled": 4}
    assert found["sleeve_length"] == {
        "precision": pytest.approx(1 / 3, abs=1e-4),
        "recall": pytest.approx(1 / 3, abs=1e-4),
        "given": 3,
        "labelled": 3,
    }
    # The dress that was called a shirt was also given a neckline, which a dress cannot have.
    assert found["neckline"]["given"] == 1
    assert found["micro"]["precision"] == pytest.approx(4 / 8, abs=1e-4)
    assert found["audience"]["precision"] is found["audience"]["recall"] is None


def test_what_is_learnt_stands_beside_the_most_frequent_value():
    shirt = ("top", "shirt")
    labels = [0, 0, 0, 2]  # three sleeveless, one long
    rows = [(garment(*shirt, sleeve_length=n), shirt, 0, 0) for n in labels]
    train = [garment(*shirt, sleeve_length=n) for n in (0, 2, 2)] + [garment(*shirt)]
    found = learnt_groups(answers(*rows), train, TAXONOMY)
    assert list(found) == ["sleeve_length"]
    sleeves = found["sleeve_length"]
    # All are called sleeveless, as most of val are; most of train have long sleeves.
    assert (sleeves.of, sleeves.right, sleeves.balanced, sleeves.values) == (4, 0.75, 0.5, 2)
    assert (sleeves.commonest, sleeves.always) == ("long", 0.25)

    page = Page("tagger", "")
    evaluate._add_learnt(page, {"catalog": found})
    row = "| sleeve_length, catalog | 4 | long | 25.0 % | 75.0 % | 50.0 % | 50.0 % |"
    assert row in str(page)
    assert "| **all** | 4 | – | 25.0 % | 75.0 % | – | – |" in str(page)


def test_a_source_is_compared_with_train_photos_of_the_same():
    shirt = ("top", "shirt")
    street = dataclasses.replace(garment(*shirt, color=3), source="outfit")
    train = [street, street, garment(*shirt, color=1)]
    found = answers((garment(*shirt, color=1), shirt, 1, 0))
    learnt = evaluate.learnt_by_source({"catalog": found, "catalog_whole": found}, train, TAXONOMY)
    assert list(learnt) == ["catalog"]
    assert learnt["catalog"]["color"].commonest == COLORS.values[1]


def test_confusions_count_known_labels():
    counts = confusion(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), 2)
    assert counts.tolist() == [[1, 1], [0, 1]]


def test_reliability_compares_probabilities_with_right_answers():
    probabilities = np.float32([[0.95, 0.05], [0.95, 0.05], [0.45, 0.55], [0.9, 0.1]])
    found = reliability(probabilities, np.array([0, 1, 1, -1]))
    assert found.confidence == pytest.approx([0.55, 0.95])
    assert found.right == pytest.approx([1.0, 0.5])
    assert found.error == pytest.approx(1 / 3 * 0.45 + 2 / 3 * 0.45)


def test_sub_categories_without_a_real_photo_are_said(tmp_path):
    counts = evaluate.real_examples(write_data(tmp_path), TAXONOMY)
    assert counts["train"]["t-shirt"] == 2
    page = Page("tagger", "")
    shirt = ("top", "shirt")
    evaluate._add_examples(page, counts, {"catalog": answers((garment(*shirt), shirt, 0, 0))},
                           TAXONOMY)  # fmt: skip
    assert "joggers, coat" in str(page)
    assert "| t-shirt | 2 | 2 |" in str(page)


def test_a_model_of_another_taxonomy_is_refused(monkeypatch):
    class Output:
        name, shape = "ATTRIBUTE_PROBABILITIES", ("n", 3)

    class Session:
        def get_outputs(self):
            return [Output]

    monkeypatch.setattr(evaluate, "open_session", lambda _path: Session())
    with pytest.raises(ValueError, match=r"old\.onnx answers with 3 attribute values"):
        evaluate.onnx_predict(Path("old.onnx"), TAXONOMY)
