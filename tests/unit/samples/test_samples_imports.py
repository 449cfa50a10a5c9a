"""The drawings know nothing of client, gateway or training."""

import ast
import sys
from pathlib import Path

import ootd_samples

PACKAGE = Path(ootd_samples.__file__).parent


def test_it_imports_numpy_pillow_and_the_standard_library_alone() -> None:
    roots: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                roots.add((node.module or "").partition(".")[0])
    assert roots - sys.stdlib_module_names == {"PIL", "numpy", "ootd_samples"}
