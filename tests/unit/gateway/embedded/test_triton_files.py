"""Triton's files are fetched whole or not at all, and found where they were put."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from ootd_gateway.embedded import EmbeddedTritonError, fetch, triton_files

# Stands for pip, as no test may ask a package index; it writes where pip would.
INSTALLER = """
import pathlib, sys
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
(target / "pytriton" / "tritonserver" / "bin").mkdir(parents=True)
(target / "arguments").write_text(" ".join(sys.argv[1:]))
sys.exit({status})
"""


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


def install_with(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    command = [sys.executable, "-c", program]
    monkeypatch.setattr(triton_files, "_installer", lambda: command)


def test_this_environment_has_the_files_without_the_wheels_python_half() -> None:
    triton = triton_files.find()
    assert triton is not None
    assert (triton / "bin" / "tritonserver").is_file()
    assert (triton / "backends" / "python" / "libtriton_python.so").is_file()


def test_the_fetched_files_are_taken_before_an_installed_wheel(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_with(monkeypatch, INSTALLER.format(status=0))
    folder = triton_files.fetch()
    assert triton_files.find() == folder / "pytriton" / "tritonserver"
    assert "--no-deps" in (folder / "arguments").read_text()
    assert triton_files.WHEEL in (folder / "arguments").read_text()


def test_what_is_there_is_not_fetched_again(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_with(monkeypatch, INSTALLER.format(status=0))
    folder = triton_files.fetch()
    install_with(monkeypatch, "raise SystemExit('asked again')")
    assert triton_files.fetch() == folder


def test_a_fetch_that_fails_leaves_nothing_and_says_why(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_with(monkeypatch, INSTALLER.format(status="'No matching distribution found'"))
    monkeypatch.setattr(sys, "argv", ["fetch"])
    assert fetch.main() == 1
    error = capsys.readouterr().err
    assert triton_files.WHEEL in error
    assert "No matching distribution found" in error
    assert error.count("\n") == 1
    assert not list(Path(prefix, "share", "ootd-gateway").iterdir())


def test_what_a_killed_fetch_left_is_not_taken_for_triton(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = triton_files.fetched_folder()
    Path(f"{left}.incoming", "pytriton", "tritonserver").mkdir(parents=True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert triton_files.find() is None
    install_with(monkeypatch, INSTALLER.format(status=0))
    assert triton_files.fetch() == left


def test_an_environment_that_cannot_be_written_to(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (prefix / "share").write_text("a file")
    with pytest.raises(EmbeddedTritonError, match="could not be put into"):
        triton_files.fetch()


def test_without_pip_and_uv_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmbeddedTritonError, match="ensurepip"):
        triton_files._installer()


def test_the_command_explains_itself() -> None:
    command = [sys.executable, "-m", "ootd_gateway.embedded.fetch", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "embedded-lean" in done.stdout
