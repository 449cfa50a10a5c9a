"""The manifest of a release, and how a repository may disagree with it."""

from __future__ import annotations

import json

import pytest
from small_repository import refresh, write_model, write_repository

from ootd_training.release import manifest


@pytest.fixture
def repository(tmp_path):
    return write_repository(tmp_path / "models")


def change(repository, edit):
    path = repository / manifest.FILE
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_a_repository_agrees_with_its_own_manifest(repository):
    assert manifest.faults(repository) == []


def test_the_id_follows_from_the_files_alone(repository, tmp_path):
    other = write_repository(tmp_path / "elsewhere")
    assert refresh(other) == refresh(repository)
    before = refresh(repository)
    write_model(repository / "tagger" / "1" / "model.onnx", "Neg")
    after = refresh(repository)
    assert after["id"] != before["id"]
    assert after["models"]["crop"] == before["models"]["crop"]


def test_the_contract_of_a_model_is_read_from_its_file(repository):
    described = manifest.read(repository)
    assert described is not None
    entry = described["models"]["embedder"]
    assert entry["inputs"] == [{"name": "CROPS", "type": "FP32", "shape": [-1, 3, 160, 160]}]


def test_the_fingerprints_of_the_models_are_those_of_the_configuration(repository):
    described = manifest.read(repository)
    assert described is not None
    vector = "-".join(described["models"][name]["fingerprint"] for name in ("embedder", "crop"))
    assert f'"{vector}"' in (repository / "verify" / "config.pbtxt").read_text()


def test_the_fingerprints_are_those_of_all_files(repository):
    before = refresh(repository)["fingerprints"]
    assert set(before) == {"vector", "graph"}
    write_model(repository / "tagger" / "1" / "model.onnx", "Neg")
    found = manifest.faults(repository)
    assert any(fault.startswith("release.json says graph fingerprint") for fault in found)
    assert not any("vector fingerprint" in fault for fault in found)
    write_model(repository / "embedder" / "1" / "model.onnx", "Neg")
    assert any("says vector fingerprint" in fault for fault in manifest.faults(repository))
    after = refresh(repository)["fingerprints"]
    assert all(after[name] != before[name] for name in before)
    assert manifest.faults(repository) == []


def test_a_manifest_without_fingerprints_is_out_of_date(repository):
    change(repository, lambda content: content.pop("fingerprints"))
    found = manifest.faults(repository)
    assert any("graph fingerprint None" in fault for fault in found)


def test_a_changed_file_is_found(repository):
    write_model(repository / "tagger" / "1" / "model.onnx", "Neg")
    found = manifest.faults(repository)
    assert any(fault.startswith("tagger: release.json says sha256") for fault in found)
    assert not any(fault.startswith("crop") for fault in found)


@pytest.mark.parametrize("name", ["crop", "embedder"])
def test_changed_models_of_stored_vectors_are_told_apart_in_configurations_too(repository, name):
    write_model(repository / name / "1" / "model.onnx", "Neg")
    assert any(f"{name}/config.pbtxt is not up to date" in f for f in manifest.faults(repository))


def test_a_manifest_changed_by_hand_is_found(repository):
    change(repository, lambda content: content.update(code_version="9"))
    assert manifest.faults(repository) == [
        "release.json was changed by hand: its id is not that of its content"
    ]


def test_another_taxonomy_is_found(repository):
    path = repository / "taxonomy.json"
    path.write_text(path.read_text().replace('"version": ', '"version": 1'))
    assert any("says taxonomy" in fault for fault in manifest.faults(repository))


def test_a_model_without_entry_is_found(repository):
    write_model(repository / "extra" / "1" / "model.onnx")
    assert any("there are crop, embedder, extra, tagger" in f for f in manifest.faults(repository))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("TYPE_FP32", "TYPE_FP16"),
        ("[ 3, 160, 160 ]", "[ 3, 160, 96 ]"),
        ("max_batch_size: 8", "max_batch_size: 0"),
        ('"SAME"', '"OTHER"'),
    ],
)
def test_a_configuration_with_other_tensors_is_found(repository, old, new):
    path = repository / "tagger" / "configs" / "tensorrt.pbtxt"
    path.write_text(path.read_text().replace(old, new))
    found = manifest.faults(repository)
    assert found
    assert all(fault.startswith("tagger/configs/tensorrt.pbtxt: ") for fault in found)


def test_a_missing_manifest_and_one_of_another_format_are_named(repository):
    change(repository, lambda content: content.update(format=99))
    with pytest.raises(ValueError, match="no manifest of format 1"):
        manifest.faults(repository)
    (repository / manifest.FILE).unlink()
    assert "is missing" in manifest.faults(repository)[0]
