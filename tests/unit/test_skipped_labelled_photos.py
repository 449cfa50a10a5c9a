"""Where there are labelled photos, no test of them is skipped without the run failing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[2] / "conftest.py"
TESTS = """
import pytest

@pytest.mark.data
def test_by_call():
    pytest.skip("no photos here")

@pytest.mark.data
@pytest.mark.skipif(True, reason="no photos there")
def test_by_mark():
    pass

@pytest.mark.data
@pytest.mark.xfail
def test_expected_failure():
    raise AssertionError

@pytest.mark.skip(reason="no GPU")
def test_of_something_else():
    pass

def test_that_passes():
    pass
"""


def run(folder: Path, data: str | None) -> tuple[int, str]:
    shutil.copy(CONFTEST, folder)
    (folder / "test_sample.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = data\n")
    environment = {key: value for key, value in os.environ.items() if key != "OOTD_DATA"}
    if data is not None:
        environment["OOTD_DATA"] = data
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rfs", str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_skips_fail_and_are_named_where_there_is_data(tmp_path: Path) -> None:
    status, output = run(tmp_path, "/photos")
    assert status == 1
    # A mark skips before the test begins: pytest counts that as an error.
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 1 error" in output
    for name, reason in (("test_by_call", "no photos here"), ("test_by_mark", "no photos there")):
        assert any(name in line and reason in line for line in output.splitlines())


@pytest.mark.parametrize("data", [None, ""])
def test_skips_are_skips_where_there_is_none(tmp_path: Path, data: str | None) -> None:
    status, output = run(tmp_path, data)
    assert status == 0
    assert "1 passed, 3 skipped, 1 xfailed" in output
