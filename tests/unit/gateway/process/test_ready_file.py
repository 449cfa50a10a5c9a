"""The ready file: there while the gateway serves; it ends nothing that runs."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ootd_gateway.errors import StartError
from ootd_gateway.process.ready_file import ReadyFile


def test_is_there_only_while_all_is_ready(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("of a former process")
    ready = ReadyFile(path)
    assert list(tmp_path.iterdir()) == []
    ready.write({"address": "127.0.0.1:1"})
    assert json.loads(path.read_text()) == {"address": "127.0.0.1:1"}
    ready.remove()
    ready.remove()
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_written_is_refused_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be written: No such file"):
        ReadyFile(tmp_path / "nowhere" / "ready.json")


def test_a_folder_that_went_away_is_only_logged(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    ready = ReadyFile(folder / "ready.json")
    folder.rmdir()
    with capture_logs() as lines:
        ready.write({"pid": 1})
    assert lines[0]["event"] == "the ready file cannot be written"
