"""The exported suppression and ranking against the numpy reference."""

from __future__ import annotations

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from ootd_training.models.detector.export import differences, onnx_detector, write
from ootd_training.models.detector.measure import torch_detector
from ootd_training.models.detector.network import CrossStageDetector
from ootd_training.models.detector.ranking_graph import ranking_graph
from ootd_training.models.detector.suppression import MOST_DETECTIONS, suppress
from ootd_training.served.onnx_sessions import open_session

CELLS, CLASSES = 300, 6


def random_case(seed: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 200, (2, CELLS, 2)).astype(np.float32)
    boxes = np.concatenate([corners[0], corners[0] + 10 + corners[1] / 2], axis=1)
    scores = (random.random((CLASSES, CELLS)) ** level).astype(np.float32)
    return boxes, scores


@pytest.fixture(scope="module")
def ranking() -> onnxruntime.InferenceSession:
    model = ranking_graph(CELLS, CLASSES)
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def test_graph_agrees_with_numpy_for_every_photo_of_a_batch(ranking):
    cases = [random_case(0, 1.0), random_case(1, 40.0), random_case(2, 400.0)]
    boxes, scores, classes = ranking.run(
        None, {"boxes": np.stack([c[0] for c in cases]), "scores": np.stack([c[1] for c in cases])}
    )
    assert classes.dtype == np.int32
    for row, (case_boxes, case_scores) in enumerate(cases):
        expected = suppress(case_boxes, case_scores.T)
        count = len(expected[1])
        assert 0 < count <= MOST_DETECTIONS
        np.testing.assert_allclose(scores[row, :count], expected[1], rtol=1e-6)
        np.testing.assert_allclose(boxes[row, :count], expected[0], rtol=1e-6)
        assert classes[row, :count].tolist() == expected[2].tolist()
        assert not scores[row, count:].any()
        assert not boxes[row, count:].any()
        assert not classes[row, count:].any()


def test_nothing_above_the_threshold_gives_zeros(ranking):
    boxes, _ = random_case(3, 1.0)
    outputs = ranking.run(
        None, {"boxes": boxes[None], "scores": np.full((1, CLASSES, CELLS), 0.01, np.float32)}
    )
    assert all(not output.any() for output in outputs)


@pytest.fixture(scope="module")
def lively_network() -> CrossStageDetector:
    """Random weights with biases high enough that what is detected is compared."""
    torch.manual_seed(0)
    network = CrossStageDetector().eval()
    for head in network.heads:
        torch.nn.init.normal_(head.classes.weight, std=2.0)
        torch.nn.init.normal_(head.distances.weight, std=1.0)
        torch.nn.init.constant_(head.classes.bias, 0.0)
    return network


def test_exported_file_keeps_the_contract_and_agrees_with_torch(lively_network, tmp_path):
    path = tmp_path / "1" / "model.onnx"
    write(lively_network, path, 192)
    assert path.stat().st_size < 8e6
    assert not list(path.parent.glob("*.partial*"))
    runtime = open_session(path)
    (letterbox,) = runtime.get_inputs()
    assert (letterbox.name, letterbox.shape[1:]) == ("LETTERBOX", [3, 320, 320])
    photos = np.random.default_rng(0).random((3, 3, 320, 320), np.float32)
    names = [output.name for output in runtime.get_outputs()]
    assert sorted(names) == ["DETECTION_BOXES", "DETECTION_CLASSES", "DETECTION_SCORES"]
    together = dict(zip(names, runtime.run(None, {"LETTERBOX": photos}), strict=True))
    assert together["DETECTION_BOXES"].shape == (3, MOST_DETECTIONS, 4)
    alone = dict(zip(names, runtime.run(None, {"LETTERBOX": photos[1:2]}), strict=True))
    np.testing.assert_allclose(
        together["DETECTION_SCORES"][1], alone["DETECTION_SCORES"][0], atol=1e-4
    )


def test_comparison_with_torch_sees_other_weights(lively_network, tmp_path):
    picture = tmp_path / "photo.png"
    random = np.random.default_rng(1)
    cv2.imwrite(
        str(picture), cv2.resize(random.integers(0, 255, (20, 14, 3), np.uint8), (210, 300))
    )
    path = tmp_path / "model.onnx"
    write(lively_network, path, 192)
    square = random.integers(0, 255, (320, 320, 3)).astype(np.uint8)
    assert len(onnx_detector(path)(square)[1]) > 0
    scores, _ = differences(torch_detector(lively_network, 192), path, [picture])
    assert 0 < scores < 0.02
    other = CrossStageDetector().eval()
    other.load_state_dict(lively_network.state_dict())
    torch.nn.init.constant_(other.heads[0].classes.bias, 2.0)
    scores, _ = differences(torch_detector(other, 192), path, [picture])
    assert scores > 0.1
    for head in other.heads:
        torch.nn.init.constant_(head.classes.bias, -3.0)
    found = differences(torch_detector(other, 192), path, [picture])
    assert found == (None, None), "weak detections are not compared, and that is no agreement"
