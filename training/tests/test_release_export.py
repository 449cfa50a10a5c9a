"""A release is built from a checkpoint: compared with PyTorch, described, refused if faulty."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
import torch
from small_repository import write_repository

from labelled_photos import write_data
from ootd_training.console.errors import CommandError
from ootd_training.models.embedder.settings import QUICK_SIZES, EmbedderSettings
from ootd_training.models.embedder.train import EmbedderInTraining
from ootd_training.network.run import Run
from ootd_training.network.trunk import TrunkSettings
from ootd_training.release import build as release
from ootd_training.release import manifest
from ootd_training.taxonomy import REPOSITORY, load_taxonomy

NAMES = ("embedder",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`data`, `models`, and `runs` with the checkpoint of an embedder after no epoch."""
    root = tmp_path_factory.mktemp("release")
    write_data(root / "data", 4)
    write_repository(root / "models")
    # What is exported here has its real tensors, and so its real configurations.
    for name in ("crop", "embedder"):
        for config in ("config.pbtxt", "configs/tensorrt.pbtxt"):
            shutil.copy(REPOSITORY / name / config, root / "models" / name / config)
    settings = EmbedderSettings().changed(
        data="elsewhere",
        output=str(root / "runs" / "embedder"),
        seed=3,
        trunk=TrunkSettings(width=0.25, depth=0.4),
        sizes=QUICK_SIZES,
    )
    torch.manual_seed(3)
    run = Run(EmbedderInTraining(settings, load_taxonomy()), settings)
    run.save()
    return root


def build(folder):
    (folder / "models" / manifest.FILE).unlink(missing_ok=True)
    said = []
    built = release.build(
        folder / "models", folder / "runs", folder / "data", NAMES, say=said.append
    )
    return built, said


@pytest.fixture(scope="module")
def built(folder):
    return build(folder)


def test_the_file_answers_as_pytorch_does(built):
    found, said = built
    assert 0 < found.differences["embedder"]["EMBEDDING"] < release.TOLERANCE
    assert "largest difference from PyTorch: EMBEDDING" in said[0]
    assert release.far_from_torch(found) == []


def test_the_manifest_says_how_it_was_trained_and_on_what(built):
    entry = built[0].manifest["models"]["embedder"]
    assert entry["training"] == {
        "seed": 3,
        "epochs": 0,
        "steps": 0,
        "garments": {
            "catalog, train": 4, "outfit, train": 16
        },
        "differences": {
            "EMBEDDING": pytest.approx(built[0].differences["embedder"]["EMBEDDING"], rel=0.05)
        },
    }  # fmt: skip
    assert entry["outputs"] == [{"name": "EMBEDDING", "type": "FP32", "shape": [-1, 128]}]
    assert built[0].manifest["models"]["tagger"]["training"] is None


def test_nothing_but_the_runs_folder_is_written(built, folder):
    assert manifest.models(folder / "models") == ["crop", "embedder", "tagger"]
    config = (folder / "models" / "verify" / "config.pbtxt").read_text()
    assert built[0].manifest["models"]["embedder"]["fingerprint"] not in config
    assert (folder / "runs" / "release.md").read_text().startswith("# Release ")


def test_a_release_is_installed_unless_it_is_far_from_pytorch(built, folder, capsys):
    target = folder / "served"
    release.copy_repository(folder / "models", target)
    far = dataclasses.replace(built[0], differences={"embedder": {"EMBEDDING": float("nan")}})
    with pytest.raises(CommandError, match="EMBEDDING is nan from PyTorch"):
        release.deliver(far, target)
    assert not (target / manifest.FILE).exists()
    release.deliver(far, None)
    assert "would not be installed" in capsys.readouterr().out
    release.deliver(built[0], target)
    assert manifest.faults(target) == []
    assert f"release {built[0].manifest['id']}: " in capsys.readouterr().out


def test_the_same_checkpoint_is_the_same_release(built, folder):
    """No date, path or order of memory gets into files or manifest."""
    first = manifest.text(built[0].manifest)
    again, _ = build(folder)
    assert manifest.text(again.manifest) == first


def test_models_that_are_too_large_are_refused(built, monkeypatch):
    monkeypatch.setattr(manifest, "MOST_BYTES", 10_000)
    with pytest.raises(CommandError, match=r"all models together have .* MB, more than 0\.01 MB"):
        release.check(built[0])


def test_weights_of_other_networks_are_refused(folder, tmp_path):
    path = folder / "runs" / "embedder" / "last.pt"
    state = torch.load(path, weights_only=True)
    state["settings"]["trunk"]["width"] = 0.5
    (tmp_path / "embedder").mkdir()
    torch.save(state, tmp_path / "embedder" / "last.pt")
    with pytest.raises(CommandError, match="don't fit"):
        release.build(folder / "models", tmp_path, folder / "data", NAMES)


def test_a_broken_checkpoint_is_named(folder, tmp_path):
    (tmp_path / "embedder").mkdir()
    (tmp_path / "embedder" / "last.pt").write_bytes(b"half a file")
    with pytest.raises(CommandError, match=r"embedder/last\.pt can't be read as a checkpoint"):
        release.build(folder / "models", tmp_path, folder / "data", NAMES)


def test_drawn_photos_that_are_gone_are_named(folder, tmp_path):
    path = folder / "runs" / "embedder" / "last.pt"
    state = torch.load(path, weights_only=True)
    state["settings"]["drawn"] = str(tmp_path / "gone")
    (tmp_path / "embedder").mkdir()
    torch.save(state, tmp_path / "embedder" / "last.pt")
    with pytest.raises(CommandError, match=r"gone, which is gone; put it back or at .*drawn"):
        release.build(folder / "models", tmp_path, folder / "data", NAMES)


def test_what_is_kept_keeps_what_is_known_of_its_training(folder, tmp_path):
    repository = tmp_path / "models"
    write_repository(repository)
    assert release.kept_training(repository, NAMES) == {"crop": None, "tagger": {"seed": 1}}
    path = repository / manifest.FILE
    described = json.loads(path.read_text())
    described["models"]["tagger"]["sha256"] = "another file"
    path.write_text(json.dumps(described))
    assert "tagger" not in release.kept_training(repository, NAMES)
