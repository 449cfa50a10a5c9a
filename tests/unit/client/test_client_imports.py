"""The client's modules import one way: clients → calls → conversion → channel → types → errors."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "clients" / "python" / "ootd"

# From the ground up; a module may import from its own layer and from those before it.
LAYERS: list[tuple[str, ...]] = [
    ("v1", "_core_log"),
    ("errors",),
    ("types",),
    ("channel", "retry", "_compatibility", "_ledger", "_upsert_tally"),
    ("_arguments", "_call_metadata", "_images", "_tls_probe"),
    ("convert_answers", "convert_requests", "_faults"),
    ("_async", "_sync"),
    ("testing", "_labels", "draw"),
    ("cli",),
]
WITH_STUBS = ("errors", "convert_answers", "convert_requests", "_async", "_sync", "testing")


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name and parts[0] not in {"v1", "cli", "draw"}:
            found[name] = path
    return found


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """Names of the package's own modules that a module imports, without the package's name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ootd":
            base = (node.module or "").removeprefix("ootd").lstrip(".")
            for alias in node.names:
                full = f"{base}.{alias.name}".lstrip(".")
                yield full if full in MODULES or not base else base


def layer_of(name: str) -> int:
    first = name.split(".", maxsplit=1)[0]
    fitting = [number for number, names in enumerate(LAYERS) if first in names]
    assert fitting, f"{name} is in no layer; say in this test where it belongs"
    return fitting[0]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_below(name: str) -> None:
    for other in imported(MODULES[name]):
        assert layer_of(other) <= layer_of(name), f"{name} imports {other}"
        if other.split(".")[0] == "v1":
            assert name.split(".", maxsplit=1)[0] in WITH_STUBS, f"{name} imports the stubs"
    twins = {"_async": "_sync", "_sync": "_async"}
    twin = twins.get(name.split(".", maxsplit=1)[0])
    assert twin not in {other.split(".")[0] for other in imported(MODULES[name])}


def test_there_are_no_cycles() -> None:
    graph = {name: set(imported(path)) & MODULES.keys() - {name} for name, path in MODULES.items()}
    done: set[str] = set()
    while graph.keys() - done:
        free = {name for name in graph.keys() - done if graph[name] <= done}
        assert free, f"cycle among {sorted(graph.keys() - done)}"
        done |= free
