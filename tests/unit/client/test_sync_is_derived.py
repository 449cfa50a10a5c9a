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


@pytest.mark.parametrize("name", ["_client_async.py", "_calls_async.py"])
def test_the_committed_file_is_what_the_generator_makes(derive_sync: ModuleType, name: str) -> None:
    source = (CLIENT_FOLDER / "ootd" / name).read_text(encoding="utf-8")
    committed = CLIENT_FOLDER / "ootd" / derive_sync.MODULES[name]
    text = committed.read_text(encoding="utf-8")
    derived = derive_sync.derive(name, source)
    assert len(text) == len(derived)
    assert text == derived, "run python clients/python/derive_sync.py"
    for word in ("async ", "await ", "Async", "grpc.aio", "asyncio"):
        assert word not in text
    assert len(text.splitlines()) > 0.9 * len(source.splitlines())


def test_a_changed_source_is_noticed(derive_sync: ModuleType) -> None:
    source = (CLIENT_FOLDER / "ootd" / "_client_async.py").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="update DOCSTRINGS"):
        derive_sync.derive("_client_async.py", source.replace("within asyncio", "in asyncio"))


def test_both_clients_have_the_same_methods_and_arguments() -> None:
    def methods(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(one).parameters)
            for name, one in vars(client).items()
            if inspect.isfunction(one) and not name.startswith("__")
        }

    assert methods(ootd.Client) == methods(ootd.AsyncClient)
    blocking = [one for one in vars(ootd.Client).values() if inspect.iscoroutinefunction(one)]
    assert blocking == []
