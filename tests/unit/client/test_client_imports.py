"""The client's modules import one way: client → services → calls → channel → shared → errors."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "clients" / "python" / "ootd"

# From the ground up; a module may import from its own layer and from those before it.
LAYERS: list[tuple[str, ...]] = [
    ("v1", "_core_log"),
    ("errors",),
    ("_shared", "_certificate"),
    ("channel", "retry", "_compatibility", "_ledger"),
    ("_call_metadata", "_images", "_tls_probe"),
    ("_faults",),
    ("_async", "_sync"),
    ("_services",),
    ("async_client", "sync_client", "types"),
    ("testing", "_labels", "draw"),
    ("cli",),
]
WITH_STUBS = ("errors", "_shared", "_services", "_async", "_sync", "testing")


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


ASYNC, SYNC = {"_async", "async_client"}, {"_sync", "sync_client"}


@pytest.mark.parametrize("name", MODULES)
def test_neither_client_imports_the_other(name: str) -> None:
    parts = {part for other in imported(MODULES[name]) for part in other.split(".")}
    for ours, theirs in ((ASYNC, SYNC), (SYNC, ASYNC)):
        if ours & set(name.split(".")):
            assert not theirs & parts


@pytest.mark.parametrize("name", [one for one in MODULES if one.startswith("_services.")])
def test_a_service_imports_no_other(name: str) -> None:
    own = name.split(".")[1]
    for other in imported(MODULES[name]):
        assert not other.startswith("_services.") or other.split(".")[1] == own, other


def test_there_are_no_cycles() -> None:
    graph = {name: set(imported(path)) & MODULES.keys() - {name} for name, path in MODULES.items()}
    done: set[str] = set()
    while graph.keys() - done:
        free = {name for name in graph.keys() - done if graph[name] <= done}
        assert free, f"cycle among {sorted(graph.keys() - done)}"
        done |= free
