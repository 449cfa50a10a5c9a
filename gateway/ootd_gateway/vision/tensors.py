"""The ensemble's output tensors to garments; model_repository/README.md is the contract."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_gateway.errors import InternalError
from ootd_gateway.types import (
    EMBEDDING_SIZE,
    HISTOGRAM_BINS,
    Attribute,
    AttributeGroup,
    Box,
    BoxOrigin,
    DroppedGarment,
    DropReason,
    Garment,
    ImageAnalysis,
    ServedModels,
    SuperCategory,
    Taxonomy,
)

Tensors = Mapping[str, NDArray[Any]]

MULTI_LABEL_THRESHOLD = 0.5
"""Probability from which on a value of a multi-label group is told."""

SERVED = "SERVED"
"""The output that names the models that answered: two texts, not a row a garment."""

OUTPUTS: Mapping[str, int | None] = {
    "GEOMETRY": 6,
    "BOXES": 4,
    "SCORES": 1,
    "FLAGS": 1,
    "GARMENT_SUPER": 1,
    "GARMENT_SUB": 1,
    "GARMENT_SUB_SCORE": 1,
    "GARMENT_ATTRIBUTES": None,
    "GARMENT_STATUS": 1,
    "EMBEDDING": EMBEDDING_SIZE,
    "COLOR_HISTOGRAM": HISTOGRAM_BINS,
    SERVED: 2,
}
"""The ensemble's outputs, and how wide each is; None: as many as the trained attribute groups have
values. Groups that no model was trained for have no columns."""

_LENGTH_BYTES = 4
_TYPES = {"FP32": np.float32, "INT32": np.int32}


def parse_outputs(response: Any) -> dict[str, NDArray[Any]]:
    """Return the tensors of a ModelInferResponse, by name.

    Raises InternalError where one is missing or of another shape than the contract says.
    """
    tensors = {
        output.name: np.frombuffer(raw, dtype=_TYPES[output.datatype]).reshape(output.shape)
        for output, raw in zip(response.outputs, response.raw_output_contents, strict=True)
        if output.datatype in _TYPES and output.name != SERVED
    }
    missing = OUTPUTS.keys() - {output.name for output in response.outputs}
    if missing:
        raise InternalError(f"the vision graph did not answer {', '.join(sorted(missing))}")
    rows = len(tensors["BOXES"])
    for name, width in OUTPUTS.items():
        if name == SERVED:
            continue
        tensor = tensors[name]
        expected = 1 if name == "GEOMETRY" else rows
        if tensor.ndim != 2 or len(tensor) != expected or width not in {None, tensor.shape[1]}:
            raise InternalError(f"the vision graph answered {name} of shape {tensor.shape}")
    tensors[SERVED] = _served(response)
    return tensors


def _served(response: Any) -> NDArray[Any]:
    """Return the two texts of SERVED. Raises InternalError where it does not hold two, or one is
    empty."""
    texts: list[str] = []
    for output, raw in zip(response.outputs, response.raw_output_contents, strict=True):
        if output.name == SERVED and output.datatype == "BYTES":
            texts = _texts(raw)
    if len(texts) != OUTPUTS[SERVED] or not all(texts):
        raise InternalError(f"the vision graph answered {SERVED} as {texts}, not as 2 fingerprints")
    return np.array(texts, object)


def _texts(raw: bytes) -> list[str]:
    """Return what a tensor of Triton's type BYTES holds: each text behind its length, 4 bytes,
    little-endian. Raises InternalError."""
    texts: list[str] = []
    position = 0
    while position < len(raw):
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(raw[start - _LENGTH_BYTES : start], "little")
        if position > len(raw):
            raise InternalError("the vision graph answered texts that end too early")
        texts.append(raw[start:position].decode("utf-8", "replace"))
    return texts


def build_analysis(tensors: Tensors, taxonomy: Taxonomy) -> ImageAnalysis:
    """Return the garments of one photo, the kept ones first by confidence.

    Raises InternalError where the models answer with other names than the taxonomy has.
    """
    sub_categories = [name for names in taxonomy.sub_categories.values() for name in names]
    width = sum(len(group.values) for group in taxonomy.attribute_groups if group.trained)
    if tensors["GARMENT_ATTRIBUTES"].shape[1] != width:
        raise InternalError("the models and their taxonomy do not belong together; export again")
    scores = tensors["SCORES"][:, 0]
    kept: list[Garment] = []
    dropped: list[DroppedGarment] = []
    for row in np.argsort(-scores, kind="stable").tolist():
        garment = _garment(tensors, row, sub_categories, taxonomy)
        status = int(tensors["GARMENT_STATUS"][row, 0])
        if status == 0:
            kept.append(garment)
        else:
            dropped.append(DroppedGarment(garment, _drop_reason(status)))
    height_px, width_px = tensors["GEOMETRY"][0, :2].tolist()
    return ImageAnalysis(
        width=round(width_px),
        height=round(height_px),
        garments=tuple(kept),
        dropped=tuple(dropped),
        served=ServedModels(*tensors[SERVED].tolist()),
    )


def _drop_reason(status: int) -> DropReason:
    try:
        return DropReason(status)
    except ValueError:
        raise InternalError(f"the vision graph answered the unknown status {status}") from None


def _garment(tensors: Tensors, row: int, sub_categories: list[str], taxonomy: Taxonomy) -> Garment:
    sub_category = sub_categories[int(tensors["GARMENT_SUB"][row, 0])]
    x0, y0, x1, y1 = tensors["BOXES"][row].tolist()
    return Garment(
        super_category=SuperCategory(int(tensors["GARMENT_SUPER"][row, 0])),
        # Copies, so that a garment that is kept does not keep the whole response.
        embedding=tensors["EMBEDDING"][row].copy(),
        color_histogram=tensors["COLOR_HISTOGRAM"][row].copy(),
        box=Box(x0, y0, x1, y1),
        box_origin=BoxOrigin(int(tensors["FLAGS"][row, 0])),
        score=float(tensors["SCORES"][row, 0]),
        sub_category=sub_category,
        sub_category_score=float(tensors["GARMENT_SUB_SCORE"][row, 0]),
        attributes=_attributes(tensors["GARMENT_ATTRIBUTES"][row].tolist(), sub_category, taxonomy),
    )


def _attributes(
    probabilities: list[float], sub_category: str, taxonomy: Taxonomy
) -> tuple[Attribute, ...]:
    found: list[Attribute] = []
    start = 0
    for group in taxonomy.attribute_groups:
        if not group.trained:
            continue
        values = probabilities[start : start + len(group.values)]
        start += len(group.values)
        if not group.sub_categories or sub_category in group.sub_categories:
            found.extend(_values_of(group, values))
    return tuple(found)


def _values_of(group: AttributeGroup, probabilities: list[float]) -> list[Attribute]:
    if group.kind == "multi_label":
        return [
            Attribute(group.name, value, score)
            for value, score in zip(group.values, probabilities, strict=True)
            if score >= MULTI_LABEL_THRESHOLD
        ]
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    # All 0: the sequencer told nothing of this group.
    if probabilities[best] == 0.0:
        return []
    return [Attribute(group.name, group.values[best], probabilities[best])]
