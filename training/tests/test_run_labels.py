"""A run goes on with the labels that it was begun with, wherever they lie, and no others."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import nn

from labelled_photos import write_data, write_drawn, write_street
from ootd_training.data.label_digests import LABEL_FILES, label_digest, source_digests
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.models.tagger.settings import TaggerSettings
from ootd_training.network.run import CHECKPOINT, Run


@pytest.fixture
def settings(tmp_path):
    """A run of drawn photos and street boxes too, of which a checkpoint is there."""
    street = tmp_path / "street.json"
    street.write_text("[]")
    settings = TaggerSettings().changed(
        data=str(write_street(write_data(tmp_path / "photos", 2), 2)),
        output=str(tmp_path / "run"),
        drawn=str(write_drawn(tmp_path / "drawn")),
        street=str(street),
        device="cpu",
    )
    Run(nn.Linear(3, 2), settings).save()
    return settings


@pytest.mark.parametrize("name", LABEL_FILES)
def test_every_label_file_counts(settings, tmp_path, name):
    data = tmp_path / "photos"
    before = label_digest(data)
    with (data / name).open("a") as file:
        file.write(" ")
    assert label_digest(data) != before
    (data / name).unlink()
    assert label_digest(data) != before


def test_photos_that_a_run_does_not_have_have_no_digest(tmp_path):
    assert source_digests(PhotoSources()) == {"data": "", "drawn": "", "street": ""}
    assert source_digests(PhotoSources(str(tmp_path)))["data"]


@pytest.mark.parametrize("name", ["data", "drawn", "street"])
def test_a_run_goes_on_with_the_same_labels_elsewhere(settings, tmp_path, name):
    moved = shutil.move(getattr(settings.photos, name), tmp_path / "moved")
    there = settings.changed(**{name: str(moved)})
    assert Run(nn.Linear(3, 2), there).resume()


@pytest.mark.parametrize(
    ("name", "file", "said"),
    [
        ("data", "photos/detect/val.json", "other labelled photos; .* the --data of that run"),
        ("drawn", "drawn/labels.json", "other drawn photos; .* the --drawn of that run"),
        ("street", "street.json", "other boxes of street photos; .* the --street of that run"),
    ],
)
def test_a_run_does_not_go_on_with_other_labels(settings, tmp_path, name, file, said):
    path = tmp_path / file
    path.write_text(path.read_text() + "\n")
    with pytest.raises(ValueError, match=said):
        Run(nn.Linear(3, 2), settings).resume()
    if name != "data":
        without = settings.changed(**{name: ""})
        with pytest.raises(ValueError, match=said):
            Run(nn.Linear(3, 2), without).resume()


def test_a_checkpoint_that_names_no_labels_is_gone_on_with(settings, tmp_path):
    path = tmp_path / "run" / CHECKPOINT
    state = torch.load(path, weights_only=True)
    del state["labels"]
    torch.save(state, path)
    (tmp_path / "street.json").write_text("[ ]")
    assert Run(nn.Linear(3, 2), settings).resume()
