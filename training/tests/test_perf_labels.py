"""The measuring programs, which never import training, read labels as training does."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from ootd_training.data import garments
from ootd_training.taxonomy import REPOSITORY

pytest.importorskip("ootd", reason="needs the client")


def test_perf_and_training_take_the_same_values_from_a_label():
    file = REPOSITORY.parent / "perf" / "labelled_photos.py"
    spec = importlib.util.spec_from_file_location("perf_labelled_photos", file)
    perf = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = perf
    spec.loader.exec_module(perf)
    assert perf._VALUES_OF_LABEL == garments.VALUES_OF_LABEL
    assert perf._VALUES_OF_SUB_CATEGORY == garments.VALUES_OF_SUB
    assert (perf.PLAIN_SHARE, perf.PATTERNED_SHARE) == (
        garments.PLAIN_SHARE,
        garments.PATTERNED_SHARE,
    )
