"""Forgets where in the source an ONNX graph came from: exporters leave stack traces in the file."""

from __future__ import annotations

import onnx


def remove_source_traces(model: onnx.ModelProto) -> None:
    """Clear notes and metadata of the model's graph, nodes and values, in place.

    They name files of the machine that exported, and no runtime reads them.
    """
    graph = model.graph
    parts = (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in (model, graph, *parts):
        del part.metadata_props[:]
        part.doc_string = ""
