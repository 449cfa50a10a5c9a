"""Imports run one way: between packages, between the gateway's rooms, and without a cycle anywhere.

Imports inside of functions count like others.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

PACKAGES: Mapping[str, Path] = {
    "ootd": REPOSITORY / "clients" / "python" / "ootd",
    "ootd_samples": REPOSITORY / "clients" / "samples" / "ootd_samples",
    "ootd_demo": REPOSITORY / "clients" / "demo" / "ootd_demo",
    "ootd_gateway": REPOSITORY / "gateway" / "ootd_gateway",
    "ootd_index": REPOSITORY / "gateway" / "ootd_index",
    "ootd_training": REPOSITORY / "training" / "ootd_training",
    "perf": REPOSITORY / "perf",
}

MAY_IMPORT: Mapping[str, set[str]] = {
    "ootd": {"ootd_samples"},  # of its command line alone
    "ootd_samples": set(),
    "ootd_demo": {"ootd", "ootd_samples"},
    "ootd_gateway": {"ootd", "ootd_index"},  # of the client the stubs alone
    "ootd_index": set(),
    "ootd_training": {"ootd_samples"},
    "perf": {"ootd", "ootd_samples", "ootd_index"},
}

# Rooms of the gateway from the ground up; a module may import from its own layer and from those
# before it. The longest name that fits a module decides its layer.
LAYERS: list[tuple[str, ...]] = [
    ("errors", "current_caller", "file_signature"),
    ("types",),
    ("validation", "images", "telemetry"),
    ("vision.base", "store.catalog.base"),
    # Concrete rooms stand beside each other: they are told apart below.
    ("vision", "store", "embedded", "rpc"),
    ("services",),
    ("process",),
    ("__main__",),
]
CONTRACTS = LAYERS[3]
INDEX_CONTRACT = {"vector_index", "observer", "index_settings"}  # the wiring alone makes an index
SUBJECTS = {"catalog"}  # folders of the store; its files know none of them
SERVICES = ("vision", "catalog", "search", "server")  # each may use those before it
WITH_STUBS = ("servicer", "conversion", "item_fields")


def modules(package: str) -> dict[str, Path]:
    """All modules of a package by their full names."""
    root, found = PACKAGES[package], {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if "backends" in parts or "migrations" in parts:  # run inside Triton and Alembic
            continue
        names = [part for part in parts if part != "__init__"]
        # Scripts of perf import each other by their bare names.
        found[".".join(names if package == "perf" else [package, *names])] = path
    return found


MODULES: Mapping[str, Mapping[str, Path]] = {package: modules(package) for package in PACKAGES}
GATEWAY: Mapping[str, Path] = {
    name.partition(".")[2]: path
    for name, path in MODULES["ootd_gateway"].items()
    if name != "ootd_gateway"
}


def imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Full names of the modules that a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield full if full in known else module


def own_imports(name: str) -> set[str]:
    """What a module of the gateway imports from the gateway, without the package's name."""
    found = imports(GATEWAY[name], MODULES["ootd_gateway"])
    return {one.partition(".")[2] for one in found if one.startswith("ootd_gateway.")}


def belongs(name: str, owner: str) -> bool:
    return name == owner or name.startswith(f"{owner}.")


def layer_of(name: str) -> int:
    fitting = [
        (len(owner), number)
        for number, owners in enumerate(LAYERS)
        for owner in owners
        if belongs(name, owner)
    ]
    assert fitting, f"{name} is in no layer; say in this test where it belongs"
    return max(fitting)[1]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_those_that_it_may(package: str) -> None:
    for name, path in MODULES[package].items():
        roots = {one.split(".")[0] for one in imports(path, {})} & PACKAGES.keys()
        assert roots - {package} <= MAY_IMPORT[package], f"{name} imports {roots}"
        assert "tests" not in roots


@pytest.mark.parametrize("package", PACKAGES)
def test_there_are_no_cycles(package: str) -> None:
    known = MODULES[package]
    graph = {
        # A package's own names come from its __init__, which is above what it imports.
        name: {one for one in imports(path, known) if one in known and one != name}
        for name, path in known.items()
    }
    done: set[str] = set()
    while graph.keys() - done:
        free = {name for name in graph.keys() - done if graph[name] <= done}
        assert free, f"cycle among {sorted(graph.keys() - done)}"
        done |= free


@pytest.mark.parametrize("name", GATEWAY)
def test_a_module_of_the_gateway_imports_only_from_below(name: str) -> None:
    for imported in own_imports(name):
        assert layer_of(imported) <= layer_of(name), f"{name} imports {imported}"


@pytest.mark.parametrize("name", GATEWAY)
def test_concrete_rooms_are_imported_by_the_wiring_alone(name: str) -> None:
    room = name.partition(".")[0]
    for imported in own_imports(name):
        other = imported.partition(".")[0]
        if other == room or other not in {"vision", "store", "embedded"}:
            continue
        assert imported in CONTRACTS or room == "process", f"{name} imports {imported}"


@pytest.mark.parametrize("name", GATEWAY)
def test_the_index_is_made_by_the_wiring_alone(name: str) -> None:
    found = imports(GATEWAY[name], MODULES["ootd_index"])
    known = {one.split(".")[1] for one in found if one.startswith("ootd_index.")}
    assert known <= INDEX_CONTRACT or belongs(name, "process"), f"{name} imports {known}"


@pytest.mark.parametrize("name", [one for one in GATEWAY if belongs(one, "store")])
def test_a_subject_of_the_store_is_known_to_itself_alone(name: str) -> None:
    for imported in own_imports(name):
        subject = imported.split(".")[1] if imported.startswith("store.") else ""
        known = subject in SUBJECTS and not belongs(name, f"store.{subject}")
        assert not known, f"{name} imports {imported}"


@pytest.mark.parametrize("name", [one for one in GATEWAY if belongs(one, "services")])
def test_a_service_uses_those_before_it_alone(name: str) -> None:
    own = name.split(".")[1] if name.count(".") > 1 else ""
    for imported in own_imports(name):
        if imported.startswith("services.") and imported.count(".") > 1:
            other = imported.split(".")[1]
            assert own, f"{name} is shared by services and imports {imported}"
            assert SERVICES.index(other) <= SERVICES.index(own), f"{name} imports {imported}"


@pytest.mark.parametrize("name", GATEWAY)
def test_the_stubs_are_known_where_messages_are_converted_alone(name: str) -> None:
    knows = [one for one in imports(GATEWAY[name], {}) if one.split(".")[0] == "ootd"]
    assert all(one.startswith("ootd.v1") for one in knows), f"{name} imports {knows}"
    is_allowed = belongs(name, "rpc") or name.rpartition(".")[2] in WITH_STUBS
    assert is_allowed or not knows, f"{name} imports {knows}"


def test_settings_are_put_together_by_the_wiring_alone() -> None:
    for name in GATEWAY:
        if not belongs(name, "process"):
            assert "process.settings" not in own_imports(name), name


def test_usearch_and_onnxruntime_are_never_in_one_process() -> None:
    """Imported in the wrong order, they crash; the gateway needs only the first."""
    for package in ("ootd_gateway", "ootd_index"):
        for name, path in MODULES[package].items():
            assert "onnxruntime" not in {one.split(".")[0] for one in imports(path, {})}, name
