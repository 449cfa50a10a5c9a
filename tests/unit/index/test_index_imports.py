"""The index stands by itself: numpy and usearch, nothing of who fills it and asks it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "gateway" / "ootd_index"
MODULES = sorted(PACKAGE.glob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_it_knows_numpy_and_usearch_alone(path: Path) -> None:
    roots = {one.split(".")[0] for one in imports(path)} - sys.stdlib_module_names
    assert roots <= {"numpy", "usearch", "ootd_index"}


def test_the_contract_needs_no_usearch() -> None:
    """So that who asks an index can be tested, and started, without one."""
    for name in ("vector_index", "observer", "index_settings"):
        roots = {one.split(".")[0] for one in imports(PACKAGE / f"{name}.py")}
        assert roots - sys.stdlib_module_names <= {"numpy"}, name
