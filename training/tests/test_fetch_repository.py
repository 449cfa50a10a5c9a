"""Fetching a pinned commit file by file, from a repository on this machine."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from public_sources import commit_all

from ootd_training.data.fetch import git_files as repository
from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.data.fetch.git_files import Source, blob_identity, fetch_source
from ootd_training.whole_files import write_whole


def silent(_task, _total):
    return lambda _done: None


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A repository of 12 files of which 11 are wanted, asked for three at a time."""
    monkeypatch.setattr(repository, "BATCH", 3)
    monkeypatch.setattr(repository, "PAUSE_SECONDS", 0)
    origin = tmp_path / "origin"
    (origin / "photos").mkdir(parents=True)
    for index in range(10):
        (origin / f"photos/{index:04d}.jpg").write_bytes(bytes([index, 0, 10, 13]) * 50)
    (origin / "list.txt").write_text("labels\n")
    (origin / "README.md").write_text("not wanted\n")
    commit = commit_all(origin)
    return Source("toy", origin.as_uri(), commit, ("photos/", "list.txt"), "--toy")


@pytest.fixture
def asked(monkeypatch):
    """Ids of the blobs that were asked for, a list for each batch."""
    batches = []
    original = repository._Store.fetch

    def fetch(self, identities):
        batches.append(list(identities))
        original(self, identities)

    monkeypatch.setattr(repository._Store, "fetch", fetch)
    return batches


def contents(folder: Path):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.suffix in {".jpg", ".txt"}}


def origin_of(source):
    return Path(source.url.removeprefix("file://"))


def test_the_name_of_a_blob_is_gits():
    assert blob_identity(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_only_the_wanted_files_of_the_commit_arrive(source, asked, tmp_path):
    (origin_of(source) / "photos/0000.jpg").write_bytes(b"changed later")
    folder = fetch_source(source, tmp_path / "toy", silent, print)
    found = contents(folder)
    assert len(found) == 11
    assert "README.md" not in found
    assert found["0000.jpg"] == bytes([0, 0, 10, 13]) * 50
    assert [len(batch) for batch in asked] == [3, 3, 3, 2]
    assert not (tmp_path / "toy.git").exists()


def test_a_killed_run_goes_on_and_asks_for_nothing_twice(source, asked, tmp_path, monkeypatch):
    written = []

    def killed(path):
        if len(written) == 4 and path.suffix != ".list":
            raise KeyboardInterrupt
        written.extend([path] if path.suffix != ".list" else [])
        return write_whole(path)

    with monkeypatch.context() as patch:
        patch.setattr(repository, "write_whole", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_source(source, tmp_path / "toy", silent, print)
    before = len(asked)
    fetch_source(source, tmp_path / "toy", silent, print)
    assert sum(len(batch) for batch in asked[before:]) == 11 - 4
    assert len(contents(tmp_path / "toy")) == 11


def test_damaged_files_are_said_and_fetched_anew(source, asked, tmp_path):
    folder = fetch_source(source, tmp_path / "toy", silent, print)
    whole = contents(folder)
    (folder / "photos/0003.jpg").write_bytes(b"damaged")
    (folder / "photos/0007.jpg").unlink()
    asked.clear()
    said = []
    fetch_source(source, folder, silent, said.append)
    assert contents(folder) == whole
    assert [len(batch) for batch in asked] == [2]
    (line,) = said
    assert "0003.jpg: is not the file of the commit; fetching it anew" in line


def test_a_complete_folder_needs_no_network(source, tmp_path):
    folder = fetch_source(source, tmp_path / "toy", silent, print)
    away = replace(source, url=(tmp_path / "nowhere").as_uri())
    assert fetch_source(away, folder, silent, print) == folder


def test_no_network_is_said_with_the_way_out(source, tmp_path):
    away = replace(source, url=(tmp_path / "nowhere").as_uri())
    with pytest.raises(FetchError, match=r"nowhere.*run again to go on, or give a folder.*--toy"):
        fetch_source(away, tmp_path / "toy", silent, print)


def test_an_unknown_commit_is_said(source, tmp_path):
    wrong = replace(source, commit="0" * 40)
    with pytest.raises(FetchError, match="git says"):
        fetch_source(wrong, tmp_path / "toy", silent, print)


def test_a_full_disk_is_said_and_what_was_fetched_is_kept(source, asked, tmp_path, monkeypatch):
    written = []

    def full(path):
        if len(written) == 5 and path.suffix != ".list":
            raise OSError(errno.ENOSPC, "No space left on device")
        written.extend([path] if path.suffix != ".list" else [])
        return write_whole(path)

    monkeypatch.setattr(repository, "write_whole", full)
    with pytest.raises(FetchError, match="No space left on device; what was fetched is kept"):
        fetch_source(source, tmp_path / "toy", silent, print)
    assert len(contents(tmp_path / "toy")) == 5


def test_git_missing_is_said(source, tmp_path, monkeypatch):
    monkeypatch.setattr(repository.shutil, "which", lambda _name: None)
    with pytest.raises(FetchError, match="git is not installed"):
        fetch_source(source, tmp_path / "toy", silent, print)
