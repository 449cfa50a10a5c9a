"""Weights stored as half precision in an ONNX file that computes in single precision."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LEAST_ELEMENTS = 64
"""Smaller tensors stay as they are: nothing is gained, and constants may need their digits."""

LARGEST_HALF = 65504.0


def store_half_precision(model: onnx.ModelProto) -> None:
    """Keep the float32 initialisers of the model as float16, each behind a Cast; in place.

    The file halves; runtimes fold the casts when they load it. Tensors of under 64 elements, and
    any with a value beyond the range of float16, are left alone.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < LEAST_ELEMENTS or np.abs(values).max() > LARGEST_HALF:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(
            helper.make_node(
                "Cast", [f"{name}_half"], [name], name=f"{name}_single", to=TensorProto.FLOAT
            )
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
