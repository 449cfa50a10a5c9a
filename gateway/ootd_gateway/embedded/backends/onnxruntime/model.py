"""Triton backend ``onnxruntime`` over the wheel of the same name, for the embedded server.

It honours what this project uses of Triton's native ONNX Runtime backend: ``model.onnx`` (or
``default_model_filename``), inputs and outputs by name, batching, and the parameters
``intra_op_thread_count``, ``inter_op_thread_count`` and ``execution_mode``.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils

Arrays = dict[str, np.ndarray[Any, Any]]

_ONNX_TYPES = {
    "TYPE_BOOL": "tensor(bool)",
    "TYPE_UINT8": "tensor(uint8)",
    "TYPE_INT32": "tensor(int32)",
    "TYPE_INT64": "tensor(int64)",
    "TYPE_FP16": "tensor(float16)",
    "TYPE_FP32": "tensor(float)",
}
_LOG = logging.getLogger(__name__)


class TritonPythonModel:
    """One instance of one ONNX model."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the model; raises ValueError where it and its config.pbtxt disagree."""
        if int(np.__version__.split(".")[0]) >= 2:
            raise RuntimeError(
                f"numpy {np.__version__} makes this Triton return empty tensors;"
                " install numpy<2 in the environment of the embedded server"
            )
        config = json.loads(args["model_config"])
        self._name: str = args["model_name"]
        self._batched: bool = config["max_batch_size"] > 0
        self._inputs: list[str] = [tensor["name"] for tensor in config["input"]]
        self._outputs: list[str] = [tensor["name"] for tensor in config["output"]]
        folder = Path(args["model_repository"]) / args["model_version"]
        path = folder / (config.get("default_model_filename") or "model.onnx")
        if not path.is_file():
            raise FileNotFoundError(f"model '{self._name}': there is no file {path}")
        self._session = onnxruntime.InferenceSession(
            path, _options(config), providers=_providers(args)
        )
        _check_tensors(self._name, "input", config["input"], self._session.get_inputs())
        _check_tensors(self._name, "output", config["output"], self._session.get_outputs())

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; requests whose shapes fit together share one run."""
        responses: list[Any] = [None] * len(requests)
        groups: dict[object, list[int]] = {}
        feeds: list[Arrays] = []
        for position, request in enumerate(requests):
            feeds.append({})
            if request.is_cancelled():
                responses[position] = _failure("the request was cancelled", "CANCELLED")
                continue
            feed = self._feed(request)
            feeds[position] = feed
            groups.setdefault(self._group(position, feed), []).append(position)
        for positions in groups.values():
            for position, outcome in zip(
                positions, self._run_group([feeds[p] for p in positions]), strict=True
            ):
                responses[position] = self._response(requests[position], outcome)
        return responses

    def _feed(self, request: Any) -> Arrays:
        return {
            name: pb_utils.get_input_tensor_by_name(request, name).as_numpy()
            for name in self._inputs
        }

    def _group(self, position: int, feed: Arrays) -> object:
        """What requests must share to run together: all but the first dimension."""
        if not self._batched:
            return position
        return tuple(feed[name].shape[1:] for name in self._inputs)

    def _run_group(self, feeds: list[Arrays]) -> list[Arrays | Exception]:
        """Run requests together; if that fails, singly, so that a bad one fails alone."""
        if len(feeds) == 1:
            return [self._run(feeds[0])]
        joint = {name: np.concatenate([feed[name] for feed in feeds]) for name in self._inputs}
        outcome = self._run(joint)
        if isinstance(outcome, Exception):
            return [self._run(feed) for feed in feeds]
        ends = np.cumsum([len(feed[self._inputs[0]]) for feed in feeds])[:-1]
        parts = {name: np.split(array, ends) for name, array in outcome.items()}
        return [{name: parts[name][i] for name in parts} for i in range(len(feeds))]

    def _run(self, feed: Arrays) -> Arrays | Exception:
        try:
            arrays = self._session.run(self._outputs, feed)
        except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have no base class of their own
            _LOG.exception("model '%s' failed", self._name)
            return error
        return dict(zip(self._outputs, arrays, strict=True))

    def _response(self, request: Any, outcome: Arrays | Exception) -> Any:
        if isinstance(outcome, Exception):
            return _failure(f"model '{self._name}': {outcome}", "INTERNAL")
        wanted = set(request.requested_output_names())
        return pb_utils.InferenceResponse(
            [pb_utils.Tensor(name, array) for name, array in outcome.items() if name in wanted]
        )


def _failure(message: str, code: str) -> Any:
    return pb_utils.InferenceResponse(
        error=pb_utils.TritonError(message, getattr(pb_utils.TritonError, code))
    )


def _options(config: dict[str, Any]) -> onnxruntime.SessionOptions:
    parameters = {key: value["string_value"] for key, value in config.get("parameters", {}).items()}
    options = onnxruntime.SessionOptions()
    # Several models share the cores: one thread each, unless the model's configuration says more.
    options.intra_op_num_threads = int(parameters.get("intra_op_thread_count", 1))
    options.inter_op_num_threads = int(parameters.get("inter_op_thread_count", 1))
    if parameters.get("execution_mode") == "1":
        options.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    # A spinning thread would take the core that the next model of the graph needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _providers(args: dict[str, str]) -> list[Any]:
    cpu = ["CPUExecutionProvider"]
    if args["model_instance_kind"] != "GPU":
        return cpu
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        _LOG.warning("onnxruntime has no CUDA provider here: '%s' uses the CPU", args["model_name"])
        return cpu
    device = {"device_id": int(args["model_instance_device_id"])}
    return [("CUDAExecutionProvider", device), *cpu]


def _check_tensors(model: str, direction: str, declared: list[Any], actual: list[Any]) -> None:
    """Compare names and types, so that a wrong file fails at start and not on a request."""
    types = {tensor.name: tensor.type for tensor in actual}
    for tensor in declared:
        name = tensor["name"]
        if name not in types:
            raise ValueError(
                f"model '{model}': config.pbtxt declares the {direction} '{name}',"
                f" model.onnx has {sorted(types)}"
            )
        expected = _ONNX_TYPES.get(tensor["data_type"])
        if types[name] != expected:
            raise ValueError(
                f"model '{model}': {direction} '{name}' is {tensor['data_type']} in config.pbtxt"
                f" and {types[name]} in model.onnx"
            )
    missing = sorted(set(types) - {tensor["name"] for tensor in declared})
    if direction == "input" and missing:
        raise ValueError(f"model '{model}': config.pbtxt lacks the inputs {missing} of model.onnx")
