"""constraints.txt pins what `make setup` installs, and nothing else."""

import re
from importlib.metadata import distributions
from pathlib import Path

PINS = Path(__file__).parents[2] / "constraints.txt"
NOT_PINNED = {"pip", "setuptools", "wheel", "ootd", "ootd-demo", "ootd-gateway", "ootd-samples"}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_pin_is_installed() -> None:
    pinned = {normalized(line.split("==")[0]) for line in PINS.read_text().splitlines()}
    installed = {normalized(one.name) for one in distributions()}
    assert not pinned - installed - NOT_PINNED
