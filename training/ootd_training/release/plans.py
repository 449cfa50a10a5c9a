"""TensorRT plans of the models that the variant `tensorrt` of the repository runs as such.

A plan fits one kind of GPU and one version of TensorRT (that of the Triton that will read it), so
plans are built where they are served and are never part of a release.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ootd_training.console.errors import CommandError
from ootd_training.release.install import PLAN
from ootd_training.release.manifest import contract_faults, model_path
from ootd_training.served.triton_config import config_tensors, max_batch_size, parse_config
from ootd_training.whole_files import write_whole

VARIANT = "configs/tensorrt.pbtxt"
WORKSPACE = 1 << 30
"""Bytes of GPU memory that the builder may use for trying kernels."""
TYPES = {"FLOAT": "FP32", "INT32": "INT32", "HALF": "FP16", "INT64": "INT64"}
"""TensorRT's element types by the names that Triton has for them."""


def planned(repository: Path) -> list[str]:
    """Names of the models that the variant runs as TensorRT plans."""
    return sorted(
        path.parent.parent.name
        for path in repository.glob(f"*/{VARIANT}")
        if parse_config(path.read_text()).platform == "tensorrt_plan"
    )


def batches(most: int) -> tuple[int, int, int]:
    """Smallest, usual and largest batch that a plan is made for; tuned for the usual one."""
    return 1, max(1, most // 4), max(1, most)


def load_tensorrt() -> Any:
    """TensorRT's Python package; CommandError where it or a GPU is missing."""
    try:
        tensorrt = importlib.import_module("tensorrt")
    except ImportError as error:
        raise CommandError(
            "plans need the TensorRT package, which is not installed here; on a machine with an "
            "NVIDIA GPU run: pip install './training[tensorrt]'"
        ) from error
    if int(tensorrt.__version__.split(".")[0]) != 10:
        raise CommandError(
            f"plans are built with TensorRT 10, this is {tensorrt.__version__}; run: "
            "pip install './training[tensorrt]'"
        )
    # Without a driver the logger, and so everything else, fails in its own ways.
    if not _has_gpu():
        raise CommandError(
            "plans are built on the GPU that will run them, and there is none here; run "
            "ootd-export --tensorrt on the server"
        )
    return tensorrt


def _has_gpu() -> bool:
    import torch  # noqa: PLC0415 - only where plans are built

    return torch.cuda.is_available()


def build_plans(repository: Path, names: Sequence[str] | None = None) -> list[Path]:
    """Build `1/model.plan` of the named models, of all that have one by default.

    Plans compute in half precision where TensorRT finds it faster; inputs and outputs keep the
    types of the configuration. A plan replaces an older one once it is complete. CommandError
    without TensorRT or a GPU, for a model that has no plan, or where a model can't be built or
    doesn't have the tensors of its configuration.
    """
    known = planned(repository)
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise CommandError(
            f"{', '.join(unknown)}: no plan in the variant for GPUs; there are {', '.join(known)}"
        )
    tensorrt = load_tensorrt()
    return [_build(tensorrt, repository, name) for name in names or known]


def _build(tensorrt: Any, repository: Path, name: str) -> Path:
    source = model_path(repository, name)
    config = (repository / name / VARIANT).read_text()
    logger = tensorrt.Logger(tensorrt.Logger.WARNING)
    builder = tensorrt.Builder(logger)
    network = builder.create_network(0)
    reader = tensorrt.OnnxParser(network, logger)
    if not reader.parse(source.read_bytes()):
        reasons = "; ".join(str(reader.get_error(i)) for i in range(reader.num_errors))
        raise CommandError(f"TensorRT {tensorrt.__version__} can't read {source}: {reasons}")
    settings = builder.create_builder_config()
    settings.set_flag(tensorrt.BuilderFlag.FP16)
    settings.set_memory_pool_limit(tensorrt.MemoryPoolType.WORKSPACE, WORKSPACE)
    settings.add_optimization_profile(_profile(builder, config))
    plan = builder.build_serialized_network(network, settings)
    if plan is None:
        raise CommandError(f"TensorRT {tensorrt.__version__} found no plan for {source}; see above")
    _check_plan(tensorrt, logger, plan, name, config)
    path = source.with_name(PLAN)
    with write_whole(path) as partial:
        partial.write_bytes(bytes(plan))
    return path


def _profile(builder: Any, config: str) -> Any:
    profile = builder.create_optimization_profile()
    for tensor in config_tensors(config, "input", batched=False):
        shapes = [(batch, *tensor["shape"]) for batch in batches(max_batch_size(config))]
        profile.set_shape(tensor["name"], *shapes)
    return profile


def _check_plan(tensorrt: Any, logger: Any, plan: Any, name: str, config: str) -> None:
    """CommandError if the plan's tensors are not those of its configuration."""
    engine = tensorrt.Runtime(logger).deserialize_cuda_engine(plan)
    sides: dict[str, list[dict[str, Any]]] = {"inputs": [], "outputs": []}
    for index in range(engine.num_io_tensors):
        tensor = engine.get_tensor_name(index)
        kind = engine.get_tensor_dtype(tensor)
        entry = {
            "name": tensor,
            "type": TYPES.get(kind.name, kind.name),
            "shape": list(engine.get_tensor_shape(tensor)),
        }
        is_input = engine.get_tensor_mode(tensor) == tensorrt.TensorIOMode.INPUT
        sides["inputs" if is_input else "outputs"].append(entry)
    faults = list(contract_faults(sides, config))
    if faults:
        raise CommandError(f"the plan of {name} doesn't fit {name}/{VARIANT}: {'; '.join(faults)}")
