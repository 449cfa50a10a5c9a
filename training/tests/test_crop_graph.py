"""The crop graph as the builder makes it; the service's tests compare it with a reference."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from ootd_training.served.crop_graph import CROP_SIDE, HISTOGRAM_BINS, build, centre_window

STORED = Path(__file__).parents[2] / "model_repository" / "crop" / "1" / "model.onnx"


def test_the_stored_file_is_what_the_builder_makes():
    assert onnx.load(STORED).graph == build().graph, "run python -m ootd_training.served.crop_graph"


def test_the_window_is_centred_and_sums_to_one():
    window = centre_window(8).reshape(8, 8)
    np.testing.assert_allclose(window.sum(), 1, rtol=1e-6)
    np.testing.assert_allclose(window, window[::-1, ::-1])
    assert window[3, 3] > window[3, 0] > window[0, 0] > 0


def test_it_runs_for_any_photo_and_number_of_boxes():
    session = onnxruntime.InferenceSession(build().SerializeToString())
    for height, width, count in ((40, 30, 1), (7, 90, 3)):
        photo = np.full((1, height, width, 3), 200, np.uint8)
        boxes = np.tile(np.float32([0.1, 0.2, 0.7, 0.9]), (count, 1))
        crops, histograms = session.run(None, {"PHOTO": photo, "BOXES": boxes})
        assert crops.shape == (count, 3, CROP_SIDE, CROP_SIDE)
        np.testing.assert_allclose(crops, 200 / 255, rtol=1e-5)
        assert histograms.shape == (count, HISTOGRAM_BINS)
        np.testing.assert_allclose(histograms[:, 6], 1, atol=1e-4)
