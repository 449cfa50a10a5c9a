"""Public weights: fetched from a repository on this machine, and checked."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from public_sources import commit_all

from ootd_training.commands import data as data_commands
from ootd_training.data.fetch import weights
from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.data.fetch.git_files import Source
from ootd_training.data.fetch.weights import ALL, PublicWeights

CONTENT = b"weights of a network"


@pytest.fixture
def public(tmp_path, monkeypatch):
    """One file of weights, in a repository with others."""
    origin = tmp_path / "origin"
    (origin / "models").mkdir(parents=True)
    (origin / "models/small.onnx").write_bytes(CONTENT)
    (origin / "models/large.onnx").write_bytes(b"not wanted")
    source = Source("small", origin.as_uri(), commit_all(origin), ("models/small.onnx",), "--given")
    digest = hashlib.sha256(CONTENT).hexdigest()
    found = PublicWeights("small_folder", source, "models/small.onnx", digest, "Somebody's (MIT).")
    monkeypatch.setattr(weights, "ALL", (found,))
    return found


def test_the_file_comes_with_a_page_that_says_whose_it_is(public, tmp_path, capsys):
    target = tmp_path / "data"
    data_commands.run(["weights", str(target)])
    assert (target / "weights/small_folder/small.onnx").read_bytes() == CONTENT
    page = (target / "weights/SOURCES.md").read_text()
    for part in ("Somebody's (MIT).", public.source.commit, public.sha256, "models/small.onnx"):
        assert part in page
    assert "ready for ootd-train" in capsys.readouterr().out


def test_a_damaged_file_is_put_right(public, tmp_path):
    target = tmp_path / "data"
    data_commands.run(["weights", str(target)])
    path = target / "weights/small_folder/small.onnx"
    path.write_bytes(b"damaged")
    data_commands.run(["weights", str(target)])
    assert path.read_bytes() == CONTENT


def test_a_folder_at_hand_is_checked(public, tmp_path):
    given = tmp_path / "given/small_folder"
    arguments = ["weights", str(tmp_path / "data"), "--given", str(given.parent)]
    with pytest.raises(FetchError, match=r"small\.onnx: cannot be read"):
        data_commands.run(arguments)
    given.mkdir(parents=True)
    (given / "small.onnx").write_bytes(b"another")
    with pytest.raises(FetchError, match="is not the file of file://"):
        data_commands.run(arguments)
    assert not (tmp_path / "data/weights/small_folder").exists()
    (given / "small.onnx").write_bytes(CONTENT)
    data_commands.run(arguments)
    assert (tmp_path / "data/weights/small_folder/small.onnx").read_bytes() == CONTENT


def test_a_repository_with_another_file_is_refused(public, tmp_path, monkeypatch):
    wrong = dataclasses.replace(public, sha256="0" * 64)
    monkeypatch.setattr(weights, "ALL", (wrong,))
    with pytest.raises(FetchError, match="is not the file of"):
        data_commands.run(["weights", str(tmp_path / "data")])


@pytest.mark.parametrize("known", ALL, ids=lambda found: found.folder)
def test_every_source_names_its_file_and_a_licence(known):
    assert known.path in known.source.wanted
    assert len(known.sha256) == 64
    assert "Apache-2.0" in known.about
