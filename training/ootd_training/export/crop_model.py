"""Export of the models that take garment crops: tagger and embedder."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ootd_training.export.half_precision import store_half_precision
from ootd_training.export.source_traces import remove_source_traces

CROP_SIZE = 160
"""Side of the crops that the service cuts, in pixels."""


class Resized(nn.Module):
    """A model behind a resize of its crops to `size` px, the size that it was trained at.

    Batch norms and the reach of the last layers fit one size of garment: fed with larger crops,
    the model answers worse, not better.
    """

    def __init__(self, model: nn.Module, size: int) -> None:
        super().__init__()
        self.model = model
        self.size = size

    def forward(self, crops: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The model's answer to the resized crops."""
        size = (self.size, self.size)
        resized = interpolate(crops, size, mode="bilinear", align_corners=False)
        answer: Tensor | tuple[Tensor, ...] = self.model(resized)
        return answer


def fold_batch_norms(model: nn.Module) -> nn.Module:
    """A copy for inference in which each batch norm has become part of the convolution before it.

    It has to be done before the weights are rounded to half precision, as the parts of a batch
    norm (small variances above all) do not survive the rounding.
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


def export_crop_model(model: nn.Module, size: int, outputs: Sequence[str], path: Path) -> None:
    """Write the model as ONNX with a dynamic batch: `CROPS` [n, 3, 160, 160] in, `outputs` out.

    `size` is the side in pixels that the model itself works at; where it is not 160 the graph
    begins with a resize. Weights are stored in half precision, computation is in single
    precision. The file is replaced in one step, so that nobody reads half a model.
    """
    folded = fold_batch_norms(model)
    example = torch.rand(2, 3, CROP_SIZE, CROP_SIZE)
    program = torch.onnx.export(
        folded if size == CROP_SIZE else Resized(folded, size).eval(),
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
    remove_source_traces(proto)
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


def milliseconds_per_crop(path: Path, batch: int = 5, repeats: int = 20) -> float:
    """Median time of the model for one crop, on one thread, with crops in batches of `batch`."""
    session = open_session(path)
    rng = np.random.default_rng(0)
    pixels = rng.random((batch, 3, CROP_SIZE, CROP_SIZE), dtype=np.float32)
    session.run(None, {"CROPS": pixels})
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        session.run(None, {"CROPS": pixels})
        times.append((time.perf_counter() - begun) / batch)
    return float(np.median(times)) * 1000


def largest_difference(
    model: nn.Module, size: int, path: Path, crops: NDArray[np.uint8]
) -> dict[str, float]:
    """Largest absolute difference of each output between the file and the model in torch."""
    session = open_session(path)
    pixels = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        answer = Resized(model.eval(), size)(pixels) if size != CROP_SIZE else model.eval()(pixels)
    expected = answer if isinstance(answer, tuple) else (answer,)
    found = run_crops(session, crops)
    names = [output.name for output in session.get_outputs()]
    return {
        name: float(np.abs(values - wanted.numpy()).max())
        for name, values, wanted in zip(names, found, expected, strict=True)
    }
