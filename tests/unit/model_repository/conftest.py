"""Makes the rules of the Python models importable, from where Triton finds them."""

import sys
from pathlib import Path

import pytest

MODEL_REPOSITORY = Path(__file__).parents[3] / "model_repository"

sys.path += [str(MODEL_REPOSITORY / model / "1") for model in ("select", "verify")]


@pytest.fixture(scope="session")
def model_repository() -> Path:
    return MODEL_REPOSITORY
