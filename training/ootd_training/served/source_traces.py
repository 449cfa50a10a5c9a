"""Forgets where in the source an ONNX graph came from: exporters leave stack traces in the file."""

from __future__ import annotations

from typing import Any

import onnx


def remove_source_traces(model: onnx.ModelProto) -> None:
    """Clear notes and metadata of the model's graph, nodes and values, in place.

    They name files of the machine that exported, and no runtime reads them.
    """
    graph = model.graph
    parts: list[Any] = [model, graph, *graph.node, *graph.input, *graph.output]
    for part in (*parts, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
