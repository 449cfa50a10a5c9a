import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

import ootd

CLIENT_FOLDER = Path(__file__).parents[3] / "clients" / "python"


@pytest.fixture(scope="module")
def derive_sync() -> ModuleType:
    spec = importlib.util.spec_from_file_location("derive_sync", CLIENT_FOLDER / "derive_sync.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["derive_sync"] = module
    spec.loader.exec_module(module)
    return module


PACKAGE = CLIENT_FOLDER / "ootd"
NAMES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in (*PACKAGE.glob("_async/*.py"), *PACKAGE.rglob("async_client.py"))
    if path.name not in {"__init__.py", "runtime.py"}
)


def test_every_module_has_its_twin(derive_sync: ModuleType) -> None:
    assert derive_sync.source_names() == NAMES
    derived = {PACKAGE / derive_sync.derived_name(name) for name in NAMES}
    there = {*PACKAGE.glob("_sync/*.py"), *PACKAGE.rglob("sync_client.py")}
    assert {path for path in there if path.name not in {"__init__.py", "runtime.py"}} == derived


def test_every_service_has_its_clients() -> None:
    services = [path for path in (PACKAGE / "_services").iterdir() if (path / "types.py").exists()]
    assert len(services) >= 4
    assert {f"_services/{path.name}/async_client.py" for path in services} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_file_is_what_the_generator_makes(derive_sync: ModuleType, name: str) -> None:
    source = (PACKAGE / name).read_text(encoding="utf-8")
    text = (PACKAGE / derive_sync.derived_name(name)).read_text(encoding="utf-8")
    derived = derive_sync.derive(name, source)
    assert len(text) == len(derived)
    assert text == derived, "run python clients/python/derive_sync.py"
    for word in ("async ", "await ", "Async", "grpc.aio", "asyncio", "async_client"):
        assert word not in text
    assert len(text.splitlines()) > 0.9 * len(source.splitlines())


def test_a_changed_source_is_noticed(derive_sync: ModuleType) -> None:
    source = (PACKAGE / "async_client.py").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="update DOCSTRINGS"):
        derive_sync.derive("async_client.py", source.replace("within asyncio", "in asyncio"))


def test_both_clients_have_the_same_methods_and_arguments() -> None:
    def methods(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(one).parameters)
            for name, one in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("__") or name == "__init__"
        }

    assert methods(ootd.Client) == methods(ootd.AsyncClient)
    assert len(methods(ootd.Client)) > 15
    members = inspect.getmembers(ootd.Client, inspect.isfunction)
    blocking = [name for name, one in members if inspect.iscoroutinefunction(one)]
    assert blocking == []
