"""Half-precision weights on disk, single-precision computation: half the size of a model file."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 256
"""Weights of fewer elements stay as they are: they save nothing and may need the range."""


def store_half_precision(model: onnx.ModelProto) -> None:
    """Store the model's large float32 weights as float16, each followed by a Cast to float32.

    The model changes in place. Runtimes fold the casts when they load it, so it computes as
    before. ValueError if a weight is outside float16's range (65504).
    """
    casts = []
    for weight in list(model.graph.initializer):
        if weight.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        if values.size < SMALLEST:
            continue
        if float(np.abs(values).max()) > float(np.finfo(np.float16).max):
            raise ValueError(f"weight {weight.name} is outside the range of float16")
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
