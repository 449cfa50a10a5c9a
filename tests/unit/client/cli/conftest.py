"""What the command line's tests share: a gateway that answers, one that has gone, photos."""

from pathlib import Path

import pytest
from ootd_command import Cli, jpeg

from ootd.testing import FakeGateway


@pytest.fixture
def cli(gateway: FakeGateway) -> Cli:
    return Cli(gateway.target)


@pytest.fixture
def nobody() -> Cli:
    """A command line whose gateway has gone."""
    with FakeGateway() as gateway:
        return Cli(gateway.target)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"photo-{number}.jpg" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(jpeg(number))
    return paths


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    for number, name in enumerate(["bag/red_clutch.jpg", "shoes/High Heels.jpg", "Café 1.png"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(number))
    (folder / "notes.txt").write_text("no photo")
    (folder / ".hidden.jpg").write_bytes(jpeg(9))
    return folder
