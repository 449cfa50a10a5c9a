"""The ONNX Runtime backend without Triton around it: batching, isolation, refusals at start."""

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import ootd_gateway.embedded

SOURCE = Path(ootd_gateway.embedded.__file__).parent / "backends" / "onnxruntime" / "model.py"


class Tensor(SimpleNamespace):
    def __init__(self, name: str, array: Any) -> None:
        super().__init__(name=name, array=array)

    def as_numpy(self) -> Any:
        return self.array


class TritonError(Exception):
    INTERNAL, CANCELLED, INVALID_ARG = "INTERNAL", "CANCELLED", "INVALID_ARG"


class Request:
    def __init__(
        self, array: Any, cancelled: bool = False, outputs: Sequence[str] = ("DOUBLED",)
    ) -> None:
        self.array, self.cancelled, self.outputs = np.asarray(array, np.float32), cancelled, outputs

    def is_cancelled(self) -> bool:
        return self.cancelled

    def requested_output_names(self) -> list[str]:
        return list(self.outputs)


class Start(Protocol):
    """Starts a model that doubles its input; it and the sizes of its runs."""

    def __call__(
        self, rows: str = ..., max_batch_size: int = ..., output: str = ..., data_type: str = ...
    ) -> tuple[Any, list[int]]: ...


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The backend's module over a stand-in for Triton's own."""
    triton: Any = ModuleType("triton_python_backend_utils")
    triton.Tensor, triton.TritonError = Tensor, TritonError
    triton.InferenceResponse = lambda output_tensors=(), error=None: SimpleNamespace(
        outputs={tensor.name: tensor.array for tensor in output_tensors}, error=error
    )
    triton.get_input_tensor_by_name = lambda request, name: Tensor(name, request.array)
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", triton)
    spec = importlib.util.spec_from_file_location("onnxruntime_backend", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def start(backend: ModuleType, tmp_path: Path) -> Start:
    """Starts a model that doubles its input; `rows` fixes the batch that it accepts."""

    def run(
        rows: str = "n",
        max_batch_size: int = 8,
        output: str = "DOUBLED",
        data_type: str = "TYPE_FP32",
    ) -> tuple[Any, list[int]]:
        graph = (
            '<ir_version: 9, opset_import: ["" : 18]> '
            f"double (float[{rows}, k] X) => (float[{rows}, k] DOUBLED) {{ DOUBLED = Add(X, X) }}"
        )
        (tmp_path / "1").mkdir(exist_ok=True)
        onnx.save(onnx.parser.parse_model(graph), tmp_path / "1" / "model.onnx")
        config = {
            "max_batch_size": max_batch_size,
            "input": [{"name": "X", "data_type": "TYPE_FP32"}],
            "output": [{"name": output, "data_type": data_type}],
            "parameters": {"intra_op_thread_count": {"string_value": "2"}},
        }
        model = backend.TritonPythonModel()
        model.initialize(
            {
                "model_config": json.dumps(config),
                "model_name": "double",
                "model_repository": str(tmp_path),
                "model_version": "1",
                "model_instance_kind": "CPU",
                "model_instance_device_id": "0",
            }
        )
        runs: list[int] = []
        original = model._session.run

        class Session:
            def run(self, names: list[str], feed: dict[str, NDArray[Any]]) -> Any:
                runs.append(len(feed["X"]))
                return original(names, feed)

        model._session = Session()
        return model, runs

    return run


def test_requests_share_a_run_and_get_their_own_rows(start: Start) -> None:
    model, runs = start()
    first, second = model.execute([Request([[1, 2]]), Request([[3, 4], [5, 6]])])
    assert runs == [3]
    np.testing.assert_array_equal(first.outputs["DOUBLED"], [[2, 4]])
    np.testing.assert_array_equal(second.outputs["DOUBLED"], [[6, 8], [10, 12]])


def test_requests_of_other_shapes_run_apart(start: Start) -> None:
    model, runs = start()
    responses = model.execute([Request([[1, 2]]), Request([[1, 2, 3]]), Request([[5, 6]])])
    assert sorted(runs) == [1, 2]
    np.testing.assert_array_equal(responses[1].outputs["DOUBLED"], [[2, 4, 6]])
    np.testing.assert_array_equal(responses[2].outputs["DOUBLED"], [[10, 12]])


def test_a_model_without_batching_runs_each_request(start: Start) -> None:
    model, runs = start(max_batch_size=0)
    model.execute([Request([[1, 2]]), Request([[3, 4]])])
    assert runs == [1, 1]


def test_a_joint_run_that_fails_is_repeated_singly(start: Start) -> None:
    model, runs = start(rows="1")  # refuses any other batch
    good, bad, other = model.execute(
        [Request([[1, 2]]), Request([[1, 2], [3, 4]]), Request([[5, 6]])]
    )
    assert runs == [4, 1, 2, 1]
    np.testing.assert_array_equal(good.outputs["DOUBLED"], [[2, 4]])
    np.testing.assert_array_equal(other.outputs["DOUBLED"], [[10, 12]])
    assert bad.error.args[1] == "INTERNAL"
    assert "model 'double'" in bad.error.args[0]


def test_cancelled_requests_are_dropped(start: Start) -> None:
    model, runs = start()
    first, second = model.execute([Request([[1, 2]], cancelled=True), Request([[3, 4]])])
    assert runs == [1]
    assert first.error.args[1] == "CANCELLED"
    np.testing.assert_array_equal(second.outputs["DOUBLED"], [[6, 8]])


def test_outputs_that_nobody_wants_are_left_out(start: Start) -> None:
    model, _ = start()
    (response,) = model.execute([Request([[1, 2]], outputs=())])
    assert response.outputs == {}


def test_an_unknown_output_is_named(start: Start) -> None:
    with pytest.raises(ValueError, match=r"output 'TRIPLED', model\.onnx has \['DOUBLED'\]"):
        start(output="TRIPLED")


def test_a_wrong_type_is_named(start: Start) -> None:
    with pytest.raises(ValueError, match=r"TYPE_INT32 in config.pbtxt and tensor\(float\)"):
        start(data_type="TYPE_INT32")


def test_numpy_2_is_refused(
    start: Start, backend: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend.np, "__version__", "2.0.1")
    with pytest.raises(RuntimeError, match="numpy<2"):
        start()
