"""The README's Python runs as it stands."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[3] / "clients" / "samples" / "README.md"


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    exec(block.replace("outfits=12, catalog=120", "outfits=1, catalog=1"), {})
    assert (tmp_path / "boots.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert {path.name for path in (tmp_path / "samples").iterdir()} == {
        "outfits",
        "catalog",
        "catalog.csv",
        "labels.json",
    }
