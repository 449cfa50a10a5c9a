"""A Triton that has each model apart, as with a repository in object storage."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tritonclient import grpc as triton_grpc
from tritonclient.utils import np_to_triton_dtype

from ootd_gateway.embedded import EmbeddedTriton, EmbeddedTritonError, EmbeddedTritonSettings

MODELS = Path(__file__).parents[2] / "model_repository"

pytestmark = pytest.mark.triton


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A repository that holds `verify` and nothing else."""
    shutil.copytree(MODELS / "verify", tmp_path / "models" / "verify")
    return tmp_path / "models"


def settings(repository: Path) -> EmbeddedTritonSettings:
    log_path = repository.parent / "triton.log"
    return EmbeddedTritonSettings(repository, log_path=log_path, ready_timeout_s=60)


def served(triton: EmbeddedTriton) -> list[str]:
    """What `verify` says of the models, asked about one whole photo."""
    arrays: dict[str, NDArray[Any]] = {
        "BOXES": np.array([[0, 0, 1, 1]], np.float32),
        "SCORES": np.array([[0]], np.float32),
        "SUPERS": np.array([[-1]], np.int32),
        "FLAGS": np.array([[1]], np.int32),
        "COVERAGE": np.array([[0.5]], np.float32),
        "GUIDE": np.array([[0, -1, 0, 0, 0, 0, -1]], np.float32),
        "SUB_PROBABILITIES": np.full((1, 32), 1 / 32, np.float32),
        "ATTRIBUTE_PROBABILITIES": np.zeros((1, 25), np.float32),
    }
    inputs = []
    for name, array in arrays.items():
        inputs.append(triton_grpc.InferInput(name, array.shape, np_to_triton_dtype(array.dtype)))
        inputs[-1].set_data_from_numpy(array)
    with triton_grpc.InferenceServerClient(triton.grpc_url) as client:
        return [one.decode() for one in client.infer("verify", inputs).as_numpy("SERVED")]


def test_answers_carry_what_the_export_wrote_and_the_log_says_so(alone: Path) -> None:
    text = (alone / "verify" / "config.pbtxt").read_text()
    written = [
        one
        for name in ("vector", "graph")
        for one in re.findall(rf'"{name}_fingerprint" value {{ string_value: "([^"]+)"', text)
    ]
    assert len(written) == 2
    with EmbeddedTriton(settings(alone)) as triton:
        assert served(triton) == written
        log = triton.log_path.read_text()
    assert "the models beside it cannot be read" in log
    assert all(one in log for one in written)


def test_without_either_the_model_is_not_loaded_and_the_remedy_is_told(alone: Path) -> None:
    config = alone / "verify" / "config.pbtxt"
    lines = config.read_text().splitlines()
    config.write_text("\n".join(line for line in lines if '_fingerprint" value' not in line))
    with pytest.raises(EmbeddedTritonError, match="model_config"):
        EmbeddedTriton(settings(alone)).start()
