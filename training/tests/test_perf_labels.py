"""The measuring programs, which never import training, read labels and count as training does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np

from labelled_photos import write_data
from ootd import types as ootd_types
from ootd_training.data import garments
from ootd_training.data.crops import WHOLE, Garment
from ootd_training.models.tagger.measure import Answers, attribute_measures
from ootd_training.taxonomy import REPOSITORY, load_taxonomy

TAXONOMY = load_taxonomy()
SHIRT, DRESS, COAT = ("top", "shirt"), ("dress", "dress"), ("outer", "coat")
BLAZER = ("outer", "blazer")
JUDGED = [
    # label, its sub-categories (none: not known), its values; answered sub-category and values
    (SHIRT, ("shirt",), {"color": "red", "neckline": "collared"}, SHIRT, ("red", "collared")),
    (SHIRT, ("shirt",), {"color": "red", "neckline": "collared"}, SHIRT, ("blue", "hooded")),
    (SHIRT, ("shirt",), {"color": "red", "neckline": "collared"}, DRESS, ("red", None)),
    (SHIRT, (), {}, SHIRT, ("red", "collared")),  # nothing is known
    (DRESS, ("dress",), {"color": "red"}, SHIRT, ("red", "collared")),  # it cannot have a neckline
    (COAT, ("coat", "jacket"), {}, BLAZER, ("red", "lapels")),  # nor can these two
    (COAT, (), {}, BLAZER, ("red", "lapels")),  # a blazer could
]


def perf_module(name, monkeypatch):
    """A module of `perf`, whose modules import each other by their bare names."""
    file = REPOSITORY.parent / "perf" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_perf_and_training_take_the_same_values_from_a_label(monkeypatch, tmp_path):
    photos = perf_module("labelled_photos", monkeypatch)
    write_data(tmp_path, 4)
    for split in ("train", "val"):
        mine = garments.read_catalog(tmp_path, split, TAXONOMY)
        theirs = photos.catalog_photos(tmp_path, split)
        for garment, photo in zip(mine, theirs, strict=True):
            named = {g.name: g.values[garment.values[g.name]] for g in TAXONOMY.groups
                     if g.name in garment.values}  # fmt: skip
            assert named == photo.attributes
            subs = tuple(TAXONOMY.subs[index] for index in garment.candidates)
            every = TAXONOMY.subs_of(garment.super_index)
            assert subs == (photo.candidates or tuple(TAXONOMY.subs[index] for index in every))


def trained_answers():
    """`JUDGED` as training's garments and a tagger's probabilities."""
    labels = []
    subs = np.full((len(JUDGED), len(TAXONOMY.subs)), 1e-3, np.float32)
    attributes = np.zeros((len(JUDGED), TAXONOMY.attribute_count), np.float32)
    for row, ((category, _), candidates, values, named, answer) in enumerate(JUDGED):
        index = TAXONOMY.supers.index(category)
        chosen = tuple(TAXONOMY.sub(category, name) for name in candidates)
        known = {n: TAXONOMY.group(n).values.index(value) for n, value in values.items()}
        chosen = chosen or TAXONOMY.subs_of(index)
        labels.append(Garment("catalog", Path("a.jpg"), WHOLE, index, chosen, known))
        subs[row, TAXONOMY.sub(*named)] = 0.9
        for group, value in zip(("color", "neckline"), answer, strict=True):
            if value:
                found = TAXONOMY.group(group)
                attributes[row, found.start + found.values.index(value)] = 1
    return Answers(tuple(labels), subs, attributes)


def client_taxonomy():
    """What a service with the two groups tells of itself."""
    names = zip(TAXONOMY.subs, TAXONOMY.super_of_sub, strict=True)
    members = {name: [] for name in TAXONOMY.supers}
    for sub, parent in names:
        members[TAXONOMY.supers[parent]].append(sub)
    necklines = tuple(TAXONOMY.subs[i] for i in TAXONOMY.group("neckline").subs)
    return ootd_types.Taxonomy(
        1,
        tuple(ootd_types.Category(name, name, tuple(subs)) for name, subs in members.items()),
        (
            ootd_types.AttributeGroup("color", "categorical", ()),
            ootd_types.AttributeGroup("neckline", "categorical", (), necklines),
            ootd_types.AttributeGroup("fit", "categorical", (), trained=False),
        ),
    )


class Answered:
    """A garment as the client gives it, as far as the tally looks."""

    def __init__(self, values):
        self._values = dict(zip(("color", "neckline"), values, strict=True))

    def attribute(self, group):
        return self._values[group]


def test_perf_and_training_judge_attributes_alike(monkeypatch):
    photos = perf_module("labelled_photos", monkeypatch)
    tally = perf_module("tallies", monkeypatch).AttributeTally(client_taxonomy())
    for (category, _), candidates, values, _, answer in JUDGED:
        label = photos.CatalogPhoto(Path("a.jpg"), category, "", candidates, values)
        tally.add("here", label, Answered(answer))
    figures = {
        name.removeprefix("here: attributes, "): (round(f["value"], 4), f["count"])
        for name, f in tally.figures().items()
    }
    found = attribute_measures(trained_answers(), TAXONOMY)
    assert figures["neckline, precision"] == (0.25, 4)  # right; hooded; of the dress and the coat
    for group in ("color", "neckline"):
        measures = found[group]
        assert figures[f"{group}, precision"] == (measures["precision"], measures["given"])
        assert figures[f"{group}, recall"] == (measures["recall"], measures["labelled"])
    # 3 of 4 colours and 1 of 4 necklines.
    assert figures["all groups, precision"] == (0.5, 8)
