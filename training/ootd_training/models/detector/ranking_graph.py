"""The part of the served graph after the network: decoding is done, NMS and ranking follow."""

from __future__ import annotations

import onnx
from onnx import parser

from ootd_training.models.detector.suppression import (
    MOST_DETECTIONS,
    MOST_PER_CLASS,
    OVERLAP_THRESHOLD,
    SCORE_THRESHOLD,
)

OPSET = 18
IR_VERSION = 9

# Suppression marks what survives in a map of the same shape as the scores; the best entries of
# that map are the answer. So every photo of the batch gets the same number of rows.
RANKING = """
<ir_version: {ir}, opset_import: ["" : {opset}]>
ranking (float[b, {cells}, 4] boxes, float[b, {classes}, {cells}] scores)
    => (float[b, {most}, 4] DETECTION_BOXES, float[b, {most}] DETECTION_SCORES,
        int32[b, {most}] DETECTION_CLASSES)
{{
    per_class = Constant <value = int64[1] {{{per_class}}}> ()
    overlap = Constant <value = float[1] {{{overlap}}}> ()
    threshold = Constant <value = float[1] {{{threshold}}}> ()
    selected = NonMaxSuppression (boxes, scores, per_class, overlap, threshold)
    nothing = Mul (scores, zero)
    survivors = GatherND (scores, selected)
    kept = ScatterND (nothing, selected, survivors)
    flat = Flatten (kept)
    DETECTION_SCORES, place = TopK <axis = 1> (flat, most)
    class = Div (place, cells)
    cell = Mod (place, cells)
    one = Constant <value = int64[1] {{2}}> ()
    row = Unsqueeze (cell, one)
    rows = Expand (row, four)
    found = GatherElements <axis = 1> (boxes, rows)
    used = Greater (DETECTION_SCORES, zero)
    used_class = Cast <to = 7> (used)
    ranked_class = Mul (class, used_class)
    DETECTION_CLASSES = Cast <to = 6> (ranked_class)
    used_score = Cast <to = 1> (used)
    used_box = Unsqueeze (used_score, one)
    DETECTION_BOXES = Mul (found, used_box)
}}
"""


def ranking_graph(cells: int, classes: int) -> onnx.ModelProto:
    """Boxes f32[b, cells, 4] and scores f32[b, classes, cells] to the served outputs.

    Class-wise non-maximum suppression, then the 50 best of all classes; rows beyond the
    detections are zero. Thresholds are those of `suppression`.
    """
    text = RANKING.format(
        ir=IR_VERSION, opset=OPSET, cells=cells, classes=classes, most=MOST_DETECTIONS,
        per_class=MOST_PER_CLASS, overlap=OVERLAP_THRESHOLD, threshold=SCORE_THRESHOLD,
    )  # fmt: skip
    model = parser.parse_model(text)
    constants = {
        "zero": onnx.helper.make_tensor("zero", onnx.TensorProto.FLOAT, [], [0.0]),
        "most": onnx.helper.make_tensor("most", onnx.TensorProto.INT64, [1], [MOST_DETECTIONS]),
        "cells": onnx.helper.make_tensor("cells", onnx.TensorProto.INT64, [], [cells]),
        "four": onnx.helper.make_tensor("four", onnx.TensorProto.INT64, [3], [1, 1, 4]),
    }
    model.graph.initializer.extend(constants.values())
    return model
