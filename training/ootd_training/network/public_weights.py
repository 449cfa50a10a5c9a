"""Public weights that runs can start from, learnt from millions of photos (`--start pretrained`).

`ootd-data weights` brings the files; `data/fetch/weights.py` says whose they are, and the licence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import tflite
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper

from ootd_training.data.fetch.weights import EFFICIENTNET_LITE0, FOLDER, YOLOX_NANO, PublicWeights
from ootd_training.network.efficientnet_lite import PIXEL_SCALE, EfficientNetLite0
from ootd_training.network.starting_weights import Batches, Folded, load_folded
from ootd_training.network.trunk import EFFICIENTNET_LITE0 as LITE0
from ootd_training.network.trunk import Trunk

PRETRAINED = "pretrained"
"""What `--start` says in place of a file."""
IDENTIFIER = slice(4, 8)
"""Where a TensorFlow Lite file says what it is."""
CONVOLUTIONS = frozenset((tflite.BuiltinOperator.CONV_2D, tflite.BuiltinOperator.DEPTHWISE_CONV_2D))


def start_trunk(trunk: Trunk, data: Path, batches: Batches) -> None:
    """Give a trunk the public weights in a data folder.

    ValueError if there are none for its architecture, FileNotFoundError if they were not fetched.
    """
    if not isinstance(trunk, EfficientNetLite0):
        raise ValueError(  # noqa: TRY004 - a setting that somebody typed
            f"there are no public weights for this trunk; choose --trunk {LITE0}, or leave --start "
            f"{PRETRAINED} out"
        )
    path = public_file(data, EFFICIENTNET_LITE0)
    first, *others = read_tflite(path)
    # The file's first convolution takes pixels less their mean; the trunk divides them, too.
    stem = Folded(first.weight * PIXEL_SCALE, first.bias)
    load_folded(trunk, [stem, *others], path, batches)


def read_yolox(data: Path) -> tuple[Path, list[Folded]]:
    """The file of YOLOX-nano and its convolutions, less those that give its own classes and boxes.

    Photos are RGB 0 to 1 to them. FileNotFoundError if the file was not fetched.
    """
    path = public_file(data, YOLOX_NANO)
    first, *others = read_onnx(path)
    # The file takes BGR, 0 to 255, four neighbouring pixels as twelve channels.
    weight = first.weight.reshape(-1, 4, 3, *first.weight.shape[2:]).flip(2).flatten(1, 2) * 255
    return path, [Folded(weight, first.bias), *others]


def public_file(data: Path, source: PublicWeights) -> Path:
    """Where a data folder has a public file; FileNotFoundError if it has not."""
    path = data / FOLDER / source.folder / source.file
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}; fetch it with: ootd-data weights {data}")
    return path


def read_tflite(path: Path) -> list[Folded]:
    """The convolutions of a quantised TensorFlow Lite file, float32, in the order of its graph.

    ValueError if it is no such file.
    """
    content = path.read_bytes()
    if content[IDENTIFIER] != b"TFL3":
        raise ValueError(f"{path} is not a TensorFlow Lite model")
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    found = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        if code in CONVOLUTIONS:
            _, kernel, bias = operator.InputsAsNumpy()
            weight = _dequantised(model, graph.Tensors(kernel))
            # Kernels are [out, h, w, in], those of depthwise convolutions [1, h, w, out].
            depthwise = code == tflite.BuiltinOperator.DEPTHWISE_CONV_2D
            weight = weight.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
            found.append(
                Folded(
                    torch.from_numpy(np.ascontiguousarray(weight)),
                    torch.from_numpy(_dequantised(model, graph.Tensors(bias))),
                )
            )
    return found


def _dequantised(model: tflite.Model, tensor: tflite.Tensor) -> NDArray[np.float32]:
    """The numbers that a tensor's whole numbers stand for, float32 of its shape."""
    kinds = {tflite.TensorType.INT8: np.int8, tflite.TensorType.INT32: np.int32}
    stored = model.Buffers(tensor.Buffer()).DataAsNumpy().view(kinds[tensor.Type()])
    quantisation = tensor.Quantization()
    shape = [1] * tensor.ShapeLength()
    shape[quantisation.QuantizedDimension()] = -1
    values = stored.reshape(tensor.ShapeAsNumpy()).astype(np.float32)
    return np.asarray(values * quantisation.ScaleAsNumpy().reshape(shape), np.float32)


def read_onnx(path: Path) -> list[Folded]:
    """The convolutions of an ONNX file whose batch norms were folded, in the graph's order.

    An exporter that folds norms gives what it makes numbers for names; convolutions that had no
    norm keep their names, and are left out. ValueError if it is no ONNX file.
    """
    try:
        graph = onnx.load(path).graph
    except DecodeError as error:
        raise ValueError(f"{path} is not an ONNX model") from error
    weights = {tensor.name: tensor for tensor in graph.initializer}
    return [
        Folded(
            *(torch.from_numpy(numpy_helper.to_array(weights[name]).copy())
              for name in node.input[1:])
        )
        for node in graph.node
        if node.op_type == "Conv" and node.input[1].isdigit()
    ]  # fmt: skip
