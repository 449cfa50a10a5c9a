"""What the command says as it starts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from ootd_gateway.process import command
from ootd_gateway.process.settings import load_settings


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def test_version_and_folder_are_told() -> None:
    with capture_logs() as lines:
        command._greet(load_settings())
    (line,) = lines
    assert line["version"]
    assert line["data_folder"].endswith("/state/ootd")


def test_a_catalogue_in_the_former_default_folder_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    former = tmp_path / "ootd-data"
    former.mkdir()
    (former / "ootd.sqlite").write_bytes(b"")
    with capture_logs() as lines:
        command._greet(load_settings())
    assert lines[1]["folder"] == str(former)
    assert "OOTD_DATA_FOLDER" in lines[1]["event"]
    monkeypatch.setenv("OOTD_DATA_FOLDER", "ootd-data")
    with capture_logs() as lines:
        command._greet(load_settings())
    assert len(lines) == 1


def test_odd_variables_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_COLOR_WEIGTH", "1")
    with capture_logs() as lines:
        command._greet(load_settings())
    assert "OOTD_COLOR_WEIGTH" in lines[1]["event"]


@pytest.mark.parametrize("log_format", ["json", "auto"])
def test_faults_of_settings_are_one_line_of_json_where_the_log_is(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--color-weight=7", f"--log-format={log_format}"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"].startswith("cannot start: settings: color_weight")


def test_faults_of_settings_are_a_sentence_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--color-weight=7", "--log-format=console"]) == 1
    assert capsys.readouterr().err.startswith("ootd-gateway: settings: color_weight")
