"""Triton backend ``dali`` over the ``nvidia-dali`` wheel, for the embedded server.

It follows the native backend's convention: the version's file that ``default_model_filename`` of
config.pbtxt names, else ``dali.py``, holds one pipeline decorated with ``@autoserialize``; its
external sources are named like the inputs of config.pbtxt, its outputs come in the order of
config.pbtxt; the parameter ``num_threads`` sets DALI's threads.
"""

from __future__ import annotations

import importlib.util
import json
import logging
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

Arrays = list[np.ndarray[Any, Any]]

_LOG = logging.getLogger(__name__)


class TritonPythonModel:
    """One DALI pipeline on the CPU, or on one GPU where the instance is of that kind."""

    def initialize(self, args: dict[str, str]) -> None:
        """Import the model's file and build its pipeline; raises where either cannot be done."""
        if int(np.__version__.split(".")[0]) >= 2:
            raise RuntimeError(
                f"numpy {np.__version__} makes this Triton return empty tensors;"
                " install numpy<2 in the environment of the embedded server"
            )
        config = json.loads(args["model_config"])
        self._name: str = args["model_name"]
        self._inputs: list[str] = [tensor["name"] for tensor in config["input"]]
        self._outputs: list[str] = [tensor["name"] for tensor in config["output"]]
        folder = Path(args["model_repository"]) / args["model_version"]
        path = folder / (config.get("default_model_filename") or "dali.py")
        self._definition = _pipeline_definition(_import_file(path), path)
        on_gpu = args["model_instance_kind"] == "GPU"
        parameters = config.get("parameters", {})
        self._build_options = {
            "batch_size": max(config["max_batch_size"], 1),
            "num_threads": int(parameters.get("num_threads", {}).get("string_value", 1)),
            "device_id": int(args["model_instance_device_id"]) if on_gpu else None,
            # One-shot feeding: a run answers the input just fed, nothing is read ahead.
            "prefetch_queue_depth": 1,
        }
        self._pipeline = self._build()

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request. Each runs by itself, so a corrupt image fails alone."""
        return [self._answer(request) for request in requests]

    def _build(self) -> Any:
        pipeline = self._definition(**self._build_options)
        pipeline.build()
        return pipeline

    def _answer(self, request: Any) -> Any:
        if request.is_cancelled():
            return _failure("the request was cancelled", "CANCELLED")
        arrays = [
            pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self._inputs
        ]
        if any(array.size == 0 for array in arrays):
            return _failure(f"model '{self._name}': an input is empty", "INVALID_ARG")
        try:
            outputs = self._run(arrays)
        except RuntimeError as error:
            # DALI declares a pipeline invalid after a failed run; building one takes some 30 ms.
            self._pipeline = self._build()
            reason = _reason(error)
            _LOG.info("model '%s' refused an input: %s", self._name, reason)
            return _failure(
                f"model '{self._name}' cannot process {', '.join(self._inputs)}: {reason}",
                "INVALID_ARG",
            )
        return pb_utils.InferenceResponse(
            [
                pb_utils.Tensor(name, array)
                for name, array in zip(self._outputs, outputs, strict=True)
            ]
        )

    def _run(self, arrays: Arrays) -> Arrays:
        for name, array in zip(self._inputs, arrays, strict=True):
            self._pipeline.feed_input(name, list(array))
        outputs = self._pipeline.run()
        return [np.stack([np.asarray(sample) for sample in output.as_cpu()]) for output in outputs]


def _failure(message: str, code: str) -> Any:
    return pb_utils.InferenceResponse(
        error=pb_utils.TritonError(message, getattr(pb_utils.TritonError, code))
    )


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location("dali_pipeline", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pipeline_definition(module: ModuleType, path: Path) -> Any:
    found = [value for value in vars(module).values() if getattr(value, "_is_autoserialize", False)]
    if len(found) != 1:
        raise ValueError(f"{path} must hold one pipeline with @autoserialize, it has {len(found)}")
    return found[0]


def _reason(error: RuntimeError) -> str:
    """The line of DALI's message that says what happened, without its traceback."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "encountered:" in lines[:-1]:
        return lines[lines.index("encountered:") + 1]
    return lines[0] if lines else type(error).__name__
