"""A release is installed whole, whenever the process is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_repository import refresh, write_model, write_repository

from ootd_training.release import install, manifest


@pytest.fixture
def repository(tmp_path):
    return write_repository(tmp_path / "models")


@pytest.fixture
def built(tmp_path, repository):
    """The next release: tagger and embedder are others."""
    folder = tmp_path / "built"
    install.copy_repository(repository, folder)
    for name in ("tagger", "embedder"):
        write_model(manifest.model_path(folder, name), "Neg")
    refresh(folder)
    return folder


def release_id(folder):
    described = manifest.read(folder)
    assert described is not None
    return described["id"]


class Killed(BaseException):
    """Ends an installation where it stands, past every handler."""


def kill_at(monkeypatch, number):
    """Let the process die at its rename of this number, counted from 0."""
    renames = iter(range(1000))
    replace = Path.replace

    def dying(self, target):
        if next(renames) == number:
            raise Killed
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", dying)


def test_a_release_replaces_the_old_one(repository, built):
    changed = install.install(built, repository)
    assert "tagger/1/model.onnx" in changed
    assert "crop/1/model.onnx" not in changed
    assert manifest.faults(repository) == []
    assert release_id(repository) == release_id(built)


def test_a_killed_installation_leaves_one_whole_release(repository, built, monkeypatch):
    """At whichever rename it dies: the next one takes it back or completes it."""
    old, new = release_id(repository), release_id(built)
    seen = set()
    for number in range(100):
        with monkeypatch.context() as patched:
            kill_at(patched, number)
            try:
                install.install(built, repository)
                break
            except Killed:
                pass
        if not (repository / f"{manifest.FILE}{manifest.INCOMING}").exists():
            described = manifest.read(repository)
            assert described["id"] == old
            untouched = {n: e["sha256"] for n, e in described["models"].items()}
            assert untouched == {
                n: manifest.model_entry(repository, n, None)["sha256"] for n in untouched
            }
        install.finish(repository)
        assert manifest.faults(repository) == []
        seen.add(release_id(repository))
        if release_id(repository) == new:  # completed; begin anew from the old one
            restored = write_repository(repository.parent / f"restored-{number}")
            install.copy_repository(restored, repository)
    assert number < 99
    assert seen == {old, new}


def test_check_tells_of_an_interrupted_installation(repository):
    (repository / "tagger" / "1" / f"model.onnx{manifest.INCOMING}").write_bytes(b"half")
    assert "an export was interrupted" in manifest.faults(repository)[0]


def test_plans_of_replaced_models_are_removed(repository, built):
    for name in ("tagger", "crop"):
        (repository / name / "1" / install.PLAN).write_bytes(b"plan")
    install.install(built, repository)
    assert not (repository / "tagger" / "1" / install.PLAN).exists()
    assert (repository / "crop" / "1" / install.PLAN).exists()
