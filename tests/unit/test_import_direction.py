"""Imports run one way: __main__ -> rpc -> what calls do -> contracts -> types -> errors.

The concrete rooms (Triton, index, database) and the settings are imported by the wiring alone, and
only `rpc` knows the stubs; so each room can be replaced, and tested, without the others.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[2] / "gateway" / "ootd_gateway"
PACKAGE = "ootd_gateway"

# From the ground up; a module may import from its own layer and from those before it. The longest
# name that fits a module decides its layer.
LAYERS: list[tuple[str, ...]] = [
    ("errors", "start_error"),
    ("types", "metrics", "log_privacy", "tracing", "logs", "file_signature", "readiness"),
    (
        "vision.base",
        "store.base",
        "index.base",
        "admission",
        "image_faults",
        "image_header",
        "tiff_header",
        "answer_size",
        "byte_budget",
        "callers",
        "item_order",
        "validation",
        "tokens",
    ),
    # Concrete rooms stand beside each other: they are told apart below.
    ("vision", "store", "index", "embedded", "category_parser", "releases", "replay"),
    ("garment_choice",),
    ("catalog", "search", "recommend", "server_info"),
    ("rpc",),
    (
        "settings",
        "command_line",
        "event_loop_watch",
        "tls_files",
        "stop_signals",
        "metrics_server",
        "readiness_monitor",
        "server_options",
        "triton_source",
        "vision_options",
        "store_opening",
        "ready_file",
        "file_descriptors",
        "application",
    ),
    ("command", "__main__"),
]
ROOMS = ("vision", "store", "index", "embedded")
WIRING = LAYERS[-2] + LAYERS[-1]


def modules() -> dict[str, Path]:
    """All modules of the gateway by their name without the package's."""
    found = {}
    for path in sorted(GATEWAY.rglob("*.py")):
        parts = path.relative_to(GATEWAY).with_suffix("").parts
        if "backends" in parts or "migrations" in parts:  # run inside Triton and Alembic
            continue
        name = ".".join(part for part in parts if part != "__init__")
        if name:
            found[name] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[str]:
    """Full names that a module imports, those inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                is_module = full.removeprefix(f"{PACKAGE}.") in MODULES
                yield full if is_module else module


def own_imports(name: str) -> set[str]:
    prefix = f"{PACKAGE}."
    return {one.removeprefix(prefix) for one in imports(MODULES[name]) if one.startswith(prefix)}


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


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_below(name: str) -> None:
    for imported in own_imports(name):
        assert layer_of(imported) <= layer_of(name), f"{name} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_concrete_rooms_are_imported_by_the_wiring_alone(name: str) -> None:
    for imported in own_imports(name):
        for room in ROOMS:
            concrete = belongs(imported, room) and imported != f"{room}.base"
            outside = not belongs(name, room) and name.split(".", maxsplit=1)[0] not in WIRING
            assert not (concrete and outside), f"{name} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_settings_are_read_by_the_wiring_alone(name: str) -> None:
    if name.split(".", maxsplit=1)[0] not in WIRING:
        assert "settings" not in own_imports(name)


@pytest.mark.parametrize("name", MODULES)
def test_only_rpc_knows_the_stubs(name: str) -> None:
    if not belongs(name, "rpc"):
        stubs = [one for one in imports(MODULES[name]) if one.startswith("ootd.v1")]
        assert not stubs, f"{name} imports {stubs}"


@pytest.mark.parametrize("name", MODULES)
def test_nothing_imports_training_tests_or_torch(name: str) -> None:
    roots = {one.split(".")[0] for one in imports(MODULES[name])}
    assert not roots & {"ootd_training", "torch", "tests", "perf"}


def test_there_are_no_cycles() -> None:
    graph = {name: own_imports(name) & MODULES.keys() for name in MODULES}
    done: set[str] = set()
    while graph.keys() - done:
        free = {name for name in graph.keys() - done if graph[name] <= done}
        assert free, f"cycle among {sorted(graph.keys() - done)}"
        done |= free


def test_the_client_knows_nothing_of_the_gateway() -> None:
    client = GATEWAY.parents[1] / "clients" / "python" / "ootd"
    for path in client.rglob("*.py"):
        for one in imports(path) if "v1" not in path.parts else ():
            assert not one.startswith((PACKAGE, "ootd_training")), f"{path} imports {one}"


def test_usearch_and_onnxruntime_are_never_in_one_process() -> None:
    """Imported in the wrong order, they crash; the gateway needs only the first."""
    for name, path in MODULES.items():
        assert "onnxruntime" not in {one.split(".")[0] for one in imports(path)}, name
