"""Training's rooms import one way, and nothing outside of training imports it."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ootd_training
from ootd_training.models.names import MODEL_NAMES

PACKAGE = Path(ootd_training.__file__).parent
CHECKOUT = PACKAGE.parents[1]

# From the ground up; a room may import from itself and from those before it.
ROOMS = (
    "taxonomy",
    "whole_files",
    "console",
    "data",
    "network",
    "served",
    "models",
    "report",
    "release",
    "evaluation",
    "experiments",
    "commands",
)
OUTSIDE = ("clients", "gateway", "perf", "tests", "model_repository", "make")


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """Full names that a file imports, inside of functions and for types alone, too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_imports(name: str) -> set[str]:
    """The modules of training that one of them imports."""
    names = {n.removeprefix("ootd_training.") for n in imported(MODULES[name])}
    return {n if n in MODULES else n.rpartition(".")[0] for n in names} & MODULES.keys() - {""}


def room(name: str) -> int:
    return ROOMS.index(name.partition(".")[0])


@pytest.mark.parametrize("name", [name for name in MODULES if name])
def test_a_module_imports_only_from_its_own_room_and_from_below(name: str) -> None:
    above = {other for other in own_imports(name) if room(other) > room(name)}
    assert not above, f"{name} imports {sorted(above)}"


def test_modules_import_in_no_circle() -> None:
    try:
        TopologicalSorter({name: own_imports(name) for name in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(f"imports go in a circle: {' -> '.join(error.args[1])}")


def test_every_file_name_means_one_thing() -> None:
    """Each model has files of the same names, and commands are named as they are typed."""
    folders: dict[str, set[str]] = {}
    for name in MODULES:
        folder, _, stem = name.rpartition(".")
        if folder and folder != "commands" and stem not in MODEL_NAMES:
            kind = "a model" if folder.startswith("models.") else folder
            folders.setdefault(stem, set()).add(kind)
    assert {stem: found for stem, found in folders.items() if len(found) > 1} == {}


@pytest.mark.parametrize("folder", OUTSIDE)
def test_nothing_outside_imports_training(folder: str) -> None:
    for path in (CHECKOUT / folder).rglob("*.py"):
        roots = {name.partition(".")[0] for name in imported(path)}
        assert "ootd_training" not in roots, path
