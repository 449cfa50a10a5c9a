"""Export of the models that take garment crops: tagger, sequencer and embedder."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ootd_training.served.half_precision import store_half_precision
from ootd_training.served.onnx_sessions import open_session, processor_milliseconds
from ootd_training.served.source_traces import remove_source_traces
from ootd_training.whole_files import write_whole

Network = TypeVar("Network", bound=nn.Module)

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


def fold_batch_norms(model: Network) -> Network:
    """A copy for inference in which each batch norm has become part of the convolution before it.

    It has to be done before the weights are rounded to half precision, as the parts of a batch
    norm (small variances above all) do not survive the rounding.
    """
    model = copy.deepcopy(model).eval()
    for module in list(model.modules()):
        for (name, convolution), (norm_name, norm) in pairwise(list(module.named_children())):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(convolution, norm))
                setattr(module, norm_name, nn.Identity())
    return model


def export_crop_model(model: nn.Module, size: int, outputs: Sequence[str], path: Path) -> None:
    """Write the model as ONNX with a dynamic batch: `CROPS` [n, 3, 160, 160] in, `outputs` out.

    `size` is the side in pixels that the model itself works at; where it is not 160 the graph
    begins with a resize. See `write_onnx` for the file.
    """
    folded = fold_batch_norms(model)
    served = folded if size == CROP_SIZE else Resized(folded, size).eval()
    write_onnx(served, {"CROPS": torch.rand(2, 3, CROP_SIZE, CROP_SIZE)}, outputs, path)


def write_onnx(
    model: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], path: Path
) -> None:
    """Write the model as ONNX; `inputs` are examples, in the order of the model's parameters.

    Their first dimension is the batch, which the file leaves open. Weights are stored in half
    precision, computation is in single precision.
    """
    batch = torch.export.Dim("n", min=1)
    program = torch.onnx.export(
        model,
        tuple(inputs.values()),
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_shapes=tuple({0: batch} for _ in inputs),
        dynamo=True,
        opset_version=18,
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    remove_source_traces(proto)
    store_half_precision(proto)
    onnx.checker.check_model(proto, full_check=True)
    with write_whole(path) as partial:
        onnx.save(proto, partial)


def run_crops(
    session: onnxruntime.InferenceSession,
    crops: NDArray[np.uint8],
    batch: int = 32,
    others: Mapping[str, NDArray[Any]] | None = None,
) -> list[NDArray[Any]]:
    """Each output of the model for uint8 crops [n, 160, 160, 3], in batches of `batch`.

    `others` are the model's other inputs, [n, ...], by name.
    """
    parts = []
    for start in range(0, len(crops), batch):
        rows = slice(start, start + batch)
        pixels = crops[rows].transpose(0, 3, 1, 2).astype(np.float32) / 255
        more = {name: values[rows] for name, values in (others or {}).items()}
        parts.append(session.run(None, {"CROPS": np.ascontiguousarray(pixels), **more}))
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def milliseconds_per_crop(
    path: Path, batch: int = 5, repeats: int = 20, others: Mapping[str, NDArray[Any]] | None = None
) -> float:
    """Median processor time of the model for one crop, on one thread, in batches of `batch`.

    Other work of the machine does not count. `others` are the model's other inputs, [batch, ...],
    by name.
    """
    pixels = np.random.default_rng(0).random((batch, 3, CROP_SIZE, CROP_SIZE), dtype=np.float32)
    inputs = {"CROPS": pixels, **(others or {})}
    session = open_session(path)
    session.run(None, inputs)
    return processor_milliseconds(session, inputs, repeats) / batch


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
