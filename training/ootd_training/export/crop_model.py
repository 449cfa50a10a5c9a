"""Export of the models that take garment crops: tagger and embedder."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ootd_training.export.half_precision import store_half_precision

CROP_SIZE = 160
"""Side of the crops that the service cuts, in pixels."""


def fold_batch_norms(model: nn.Module) -> nn.Module:
    """A copy for inference in which each batch norm has become part of the convolution before it.

    It has to be done before the weights are rounded to half precision, as the sums of a batch norm
    (small variances above all) do not survive the rounding.
    """
    model = copy.deepcopy(model).eval()
    for module in list(model.modules()):
        if not isinstance(module, nn.Sequential):
            continue
        for i in range(len(module) - 1):
            convolution, norm = module[i], module[i + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[i] = fuse_conv_bn_eval(convolution, norm)
                module[i + 1] = nn.Identity()
    return model


def export_crop_model(model: nn.Module, outputs: Sequence[str], path: Path) -> None:
    """Write the model as ONNX with a dynamic batch: `CROPS` [n, 3, 160, 160] in, `outputs` out.

    Weights are stored in half precision, computation is in single precision. The file is replaced
    in one step, so a server that is starting never reads half a model.
    """
    example = torch.rand(2, 3, CROP_SIZE, CROP_SIZE)
    program = torch.onnx.export(
        fold_batch_norms(model),
        (example,),
        input_names=["CROPS"],
        output_names=list(outputs),
        dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
        dynamo=True,
        opset_version=18,
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    store_half_precision(proto)
    onnx.checker.check_model(proto, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    onnx.save(proto, partial)
    partial.replace(path)


def open_session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session on the CPU with this number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_crops(
    session: onnxruntime.InferenceSession, crops: NDArray[np.uint8], batch: int = 32
) -> list[NDArray[np.float32]]:
    """Each output of the model for uint8 crops [n, 160, 160, 3], in batches of `batch`."""
    parts = []
    for start in range(0, len(crops), batch):
        pixels = crops[start : start + batch].transpose(0, 3, 1, 2).astype(np.float32) / 255
        parts.append(session.run(None, {"CROPS": np.ascontiguousarray(pixels)}))
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
