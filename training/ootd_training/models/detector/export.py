"""Export of a detector as the ONNX file that Triton serves."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import compose
from torch import Tensor, nn
from torch.nn import functional

from ootd_training.models.detector.architectures import make_detector
from ootd_training.models.detector.boxes import cell_centres, decode, overlap
from ootd_training.models.detector.measure import Detector
from ootd_training.models.detector.network import DetectorNetwork
from ootd_training.models.detector.ranking_graph import IR_VERSION, OPSET, ranking_graph
from ootd_training.models.detector.samples import letterbox, read_photo
from ootd_training.models.detector.settings import CROSS_STAGE, INPUT_SIZE
from ootd_training.served.crop_model import fold_batch_norms
from ootd_training.served.half_precision import store_half_precision
from ootd_training.served.onnx_sessions import open_session
from ootd_training.taxonomy import SUPER_CATEGORIES
from ootd_training.whole_files import write_whole

COMPARED_SCORE = 0.3
"""Detections below this score are not compared with torch."""


class Served(nn.Module):
    """The network and the decoding of its boxes, for a square input of 320 px.

    The network works at `side` pixels, the size that it was trained at; photos are scaled to it
    and boxes back. Takes f32[b, 3, 320, 320]; gives boxes f32[b, cells, 4] in pixels of the input
    and probabilities f32[b, classes, cells].
    """

    centres: Tensor
    strides: Tensor

    def __init__(self, network: DetectorNetwork, side: int) -> None:
        super().__init__()
        self.network = fold_batch_norms(network)
        self.side = side
        centres, strides = cell_centres(side, side)
        self.register_buffer("centres", centres)
        self.register_buffer("strides", strides)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes and probabilities, as the class says."""
        if self.side != INPUT_SIZE:
            images = functional.interpolate(images, (self.side, self.side), mode="bilinear")
        logits, distances, _ = self.network(images)
        boxes = decode(distances, self.centres, self.strides).clamp(0, self.side)
        boxes = boxes * (INPUT_SIZE / self.side)
        return boxes, logits.sigmoid().transpose(1, 2)


def build(network: DetectorNetwork, side: int) -> onnx.ModelProto:
    """The whole served graph: LETTERBOX to DETECTION_BOXES, _SCORES and _CLASSES."""
    served = Served(network, side).eval()
    example = torch.zeros(2, 3, INPUT_SIZE, INPUT_SIZE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        torch.onnx.export(
            served,
            (example,),
            str(path),
            input_names=["LETTERBOX"],
            output_names=["boxes", "scores"],
            dynamic_axes={"LETTERBOX": {0: "b"}, "boxes": {0: "b"}, "scores": {0: "b"}},
            opset_version=OPSET,
            dynamo=False,
        )
        body = onnx.load(str(path))
    body.ir_version = IR_VERSION
    cells = served.centres.shape[0]
    tail = compose.add_prefix(
        ranking_graph(cells, len(SUPER_CATEGORIES)), "ranking_", rename_inputs=False,
        rename_outputs=False,
    )  # fmt: skip
    whole = compose.merge_models(body, tail, io_map=[("boxes", "boxes"), ("scores", "scores")])
    store_half_precision(whole)
    whole.producer_name = "ootd-training"
    onnx.checker.check_model(whole, full_check=True)
    return whole


def onnx_detector(path: Path, threads: int = 1) -> Detector:
    """A detector around an exported file."""
    runtime = open_session(path, threads)

    def detect(
        square: NDArray[np.uint8],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        images = np.ascontiguousarray(square.transpose(2, 0, 1)[None], np.float32) / 255
        boxes, scores, classes = runtime.run(
            ["DETECTION_BOXES", "DETECTION_SCORES", "DETECTION_CLASSES"], {"LETTERBOX": images}
        )
        used = scores[0] > 0
        return boxes[0][used], scores[0][used], classes[0][used].astype(np.int64)

    return detect


def differences(
    reference: Detector, path: Path, photos: list[Path]
) -> tuple[float, float] | tuple[None, None]:
    """Largest difference between file and torch over photos: of scores, and of boxes in pixels.

    Each detection of torch above 0.3 is compared with the file's detection of the same class that
    overlaps it most; infinite where there is none. None if torch has no such detection at all.
    """
    served = onnx_detector(path)
    score_gap = box_gap = 0.0
    compared = 0
    for photo in photos:
        square, _ = letterbox(read_photo(photo))
        found, expected = served(square), reference(square)
        for box, score, index in zip(*expected, strict=True):
            mine = found[2] == index
            if score <= COMPARED_SCORE:
                continue
            compared += 1
            if not mine.any():
                return float("inf"), float("inf")
            ratios = overlap(torch.from_numpy(found[0][mine]), torch.from_numpy(box))
            nearest = int(ratios.argmax())
            score_gap = max(score_gap, abs(float(found[1][mine][nearest] - score)))
            box_gap = max(box_gap, float(np.abs(found[0][mine][nearest] - box).max()))
    return (score_gap, box_gap) if compared else (None, None)


def write(network: DetectorNetwork, path: Path, side: int = INPUT_SIZE) -> None:
    """Write the served file."""
    with write_whole(path) as partial:
        onnx.save(build(network, side), str(partial))


def load_network(checkpoint: Path) -> tuple[DetectorNetwork, int]:
    """The averaged network of a checkpoint, in evaluation mode, and the side it is meant for."""
    state = torch.load(checkpoint, weights_only=True)
    network = make_detector(state["settings"].get("architecture", CROSS_STAGE))
    network.load_state_dict(state["average"])
    return network.eval(), int(state["settings"]["stages"][-1]["height"])
