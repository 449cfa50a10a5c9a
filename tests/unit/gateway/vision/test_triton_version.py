"""Which Triton may be told that a caller went away."""

from pathlib import Path

import pytest

from ootd_gateway.vision.triton_version import CANCEL_SAFE_VERSION, survives_cancelling

README = Path(__file__).parents[4] / "gateway" / "README.md"


@pytest.mark.parametrize("version", ["2.60.0", "2.60", "2.61.1dev", "3.0.0", "2.100.0"])
def test_a_mended_one_may(version: str) -> None:
    assert survives_cancelling(version)


@pytest.mark.parametrize("version", ["2.51.0", "2.59.1", "1.99.0", "", "unknown", "2"])
def test_others_and_unknown_ones_may_not(version: str) -> None:
    assert not survives_cancelling(version)


def test_the_readme_names_the_version() -> None:
    version = ".".join(map(str, CANCEL_SAFE_VERSION))
    assert f"A production Triton should be {version} " in README.read_text()
