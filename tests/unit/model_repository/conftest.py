"""Imports the rules of the Python models from where Triton finds them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

MODEL_REPOSITORY = Path(__file__).parents[3] / "model_repository"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def model_repository() -> Path:
    return MODEL_REPOSITORY


@pytest.fixture(scope="session")
def selection() -> ModuleType:
    return _load(MODEL_REPOSITORY / "select" / "1" / "selection.py")


@pytest.fixture(scope="session")
def verification() -> ModuleType:
    return _load(MODEL_REPOSITORY / "verify" / "1" / "verification.py")


@pytest.fixture(scope="session")
def fingerprints() -> ModuleType:
    return _load(MODEL_REPOSITORY / "verify" / "1" / "fingerprints.py")
