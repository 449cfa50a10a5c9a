"""The wheels as a package index would show them and pip install them."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from trove_classifiers import classifiers

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "ootd": ROOT / "clients" / "python",
    "ootd_samples": ROOT / "clients" / "samples",
    "ootd_demo": ROOT / "clients" / "demo",
    "ootd_gateway": ROOT / "gateway",
}
BESIDE = {"ootd_gateway": {"ootd_index"}}
"""Packages that a wheel holds beside the one that it is named after."""

Wheel = tuple[str, zipfile.ZipFile]
"""Its package and its content."""


@pytest.fixture(scope="module", params=PACKAGES)
def wheel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wheel]:
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PACKAGES[request.param], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        yield request.param, opened


def metadata(archive: zipfile.ZipFile) -> "Message[str, str]":
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(archive.read(name).decode())


def test_the_licence_is_inside(wheel: Wheel) -> None:
    _, archive = wheel
    assert metadata(archive)["License-Expression"] == "Apache-2.0"
    (name,) = (name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
    assert archive.read(name) == (ROOT / "LICENSE").read_bytes()


def test_classifiers_are_known_and_agree_with_the_python_that_is_asked_for(wheel: Wheel) -> None:
    _, archive = wheel
    told = metadata(archive)
    listed = told.get_all("Classifier", [])
    assert listed
    assert set(listed) <= classifiers
    versions = [one.split(" :: ")[-1] for one in listed if ":: Python :: 3." in one]
    assert told["Requires-Python"] == f">={versions[0]}"


def test_it_holds_its_packages_alone_and_says_that_they_are_typed(wheel: Wheel) -> None:
    package, archive = wheel
    names = archive.namelist()
    packages = {package, *BESIDE.get(package, set())}
    assert {f"{one}/py.typed" for one in packages} <= set(names)
    assert {name.split("/")[0].split("-")[0] for name in names} == packages


def test_the_gateway_brings_the_words_of_titles(wheel: Wheel) -> None:
    package, archive = wheel
    if package == "ootd_gateway":
        assert any(name.endswith("/category_words.toml") for name in archive.namelist())


def test_the_readme_is_the_long_description(wheel: Wheel) -> None:
    package, archive = wheel
    text = (PACKAGES[package] / "README.md").read_text("utf-8")
    description = metadata(archive).get_payload()
    assert isinstance(description, str)
    assert description.strip() == text.strip()


def test_the_client_needs_three_packages_at_most(wheel: Wheel) -> None:
    package, archive = wheel
    if package != "ootd":
        return
    needed = metadata(archive).get_all("Requires-Dist", [])
    plain = {one.split(">")[0].split("<")[0] for one in needed if "extra" not in one}
    assert plain == {"googleapis-common-protos", "grpcio", "protobuf"}
