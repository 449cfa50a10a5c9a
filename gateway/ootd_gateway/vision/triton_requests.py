"""Requests to Triton's ensembles, and the tiny photo that a new connection is tried with."""

import struct
import zlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2

from ootd_gateway.types import (
    USUAL,
    AnalyzeOptions,
    AttributeModel,
    CategoryGuide,
    Guide,
    RegionGuide,
)
from ootd_gateway.vision.tensors import OUTPUTS

GuideTensor: TypeAlias = NDArray[np.float32]

ENSEMBLES: Mapping[AttributeModel, str] = {
    AttributeModel.TAGGER: "ootd",
    AttributeModel.SEQUENCER: "ootd_sequence",
}
"""The ensemble of each attribute model; they differ in that member alone."""

_CANARY_SIDE = 64


def inference_request(ensemble: str, image: bytes, guide: GuideTensor) -> Any:
    """Return the request to an ensemble: IMAGE u8[1, bytes] and GUIDE f32[1, 7].

    The bytes are set as they are, without a detour over an array of numpy.
    """
    request = service_pb2.ModelInferRequest(model_name=ensemble)
    request.inputs.add(name="IMAGE", datatype="UINT8", shape=(1, len(image)))
    request.inputs.add(name="GUIDE", datatype="FP32", shape=(1, len(guide)))
    for name in OUTPUTS:
        request.outputs.add(name=name)
    request.raw_input_contents.append(image)
    request.raw_input_contents.append(guide.tobytes())
    return request


def guide_tensor(guide: Guide, options: AnalyzeOptions = USUAL) -> GuideTensor:
    """Return GUIDE, f32[7]: kind, super-category or -1, rectangle, score threshold or -1."""
    if isinstance(guide, CategoryGuide):
        values = [1.0, float(guide.category), 0.0, 0.0, 0.0, 0.0]
    elif isinstance(guide, RegionGuide):
        box = guide.region
        values = [2.0, -1.0, box.x0, box.y0, box.x1, box.y1]
    else:
        values = [0.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    threshold = -1.0 if options.score_threshold is None else options.score_threshold
    return np.array([*values, threshold], dtype=np.float32)


def canary_request(model: AttributeModel) -> Any:
    """Return the request that proves that an ensemble answers end to end: a tiny grey photo."""
    return inference_request(ENSEMBLES[model], canary_png(), guide_tensor(None))


def canary_png() -> bytes:
    """Return a grey photo of 64 x 64 pixels, encoded as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", _CANARY_SIDE, _CANARY_SIDE, 8, 2, 0, 0, 0)
    row = b"\x00" + b"\x80" * (3 * _CANARY_SIDE)  # no filter, then the pixels
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * _CANARY_SIDE))
        + chunk(b"IEND", b"")
    )
