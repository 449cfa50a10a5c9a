"""The graph with the sequencer in the tagger's place."""

import numpy as np
import pytest
from model_calls import Analyze, Encode, Infer
from PIL import Image
from test_graph import ATTRIBUTE_VALUES, check

SHOES, UNKNOWN = 4, -1
SHOES_SUBS = range(20, 27)
OF_THE_ATTRIBUTE_MODEL = {
    "GARMENT_SUPER",
    "GARMENT_SUB",
    "GARMENT_SUB_SCORE",
    "GARMENT_ATTRIBUTES",
    "GARMENT_STATUS",
}


def test_boxes_and_embeddings_are_those_of_the_other_ensemble(
    analyze: Analyze, encode: Encode, drawing: Image.Image
) -> None:
    tagged = analyze(encode(drawing))
    told = analyze(encode(drawing), ensemble="ootd_sequence")
    check(told)
    assert set(told) == set(tagged)
    assert told["SERVED"].tolist() == tagged["SERVED"].tolist()
    for name in set(tagged) - OF_THE_ATTRIBUTE_MODEL - {"SERVED"}:
        np.testing.assert_allclose(told[name], tagged[name], atol=1e-3, err_msg=name)


@pytest.mark.parametrize("threshold", [-1, 0.001])
def test_a_guide_category_is_what_every_garment_is(
    analyze: Analyze, encode: Encode, drawing: Image.Image, threshold: float
) -> None:
    guide = (1, SHOES, 0, 0, 0, 0)
    out = analyze(encode(drawing), guide, threshold, ensemble="ootd_sequence")
    check(out, most=50)
    assert (out["GARMENT_SUPER"] == SHOES).all()
    assert np.isin(out["GARMENT_SUB"], SHOES_SUBS).all()


def test_the_sequencer_answers_as_the_tagger_does(infer: Infer) -> None:
    crops = np.random.default_rng(3).random((5, 3, 160, 160), np.float32)
    guides = np.array([[UNKNOWN], [SHOES], [UNKNOWN], [SHOES], [0]], np.int32)
    out = infer("sequencer", CROPS=crops, GUIDE_SUPERS=guides)
    assert out["SUB_PROBABILITIES"].shape == (5, 32)
    assert out["ATTRIBUTE_PROBABILITIES"].shape == (5, ATTRIBUTE_VALUES)
    np.testing.assert_allclose(out["SUB_PROBABILITIES"].sum(1), 1, atol=1e-3)
    sequence = out["SEQUENCE"]
    assert sequence.dtype == np.int32
    padded = sequence == -1
    assert (np.diff(padded.astype(int), axis=1) >= 0).all(), "after the end there are pads alone"
    assert not padded[:, 0].any()
    # The sequence of a guided garment begins with a sub-category of the guide.
    assert np.isin(sequence[[1, 3], 0], SHOES_SUBS).all()
    assert sequence[4, 0] in range(6)


def test_a_batch_answers_as_its_crops_do_alone(infer: Infer) -> None:
    crops = np.random.default_rng(4).random((3, 3, 160, 160), np.float32)
    guides = np.array([[UNKNOWN], [SHOES], [2]], np.int32)
    together = infer("sequencer", CROPS=crops, GUIDE_SUPERS=guides)
    for row in range(3):
        alone = infer("sequencer", CROPS=crops[row : row + 1], GUIDE_SUPERS=guides[row : row + 1])
        for name, array in alone.items():
            np.testing.assert_allclose(array[0], together[name][row], atol=1e-3, err_msg=name)
