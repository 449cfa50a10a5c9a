"""The README's Python runs as it stands, against a fake gateway."""

import re
from pathlib import Path
from typing import Any

import pytest

import ootd
from ootd.testing import FakeGateway

README = Path(__file__).parents[3] / "clients" / "python" / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_examples_run(
    gateway: FakeGateway, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outfit.jpg").write_bytes(photo)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    assert len(BLOCKS) >= 3
    for block in BLOCKS:
        exec(block.replace("localhost:8500", gateway.target), names)
    assert gateway.items["sku-1"].title == "Red bag"


def test_every_method_and_class_is_named() -> None:
    text = README.read_text(encoding="utf-8")
    methods = [name for name in dir(ootd.Client) if not name.startswith("_")]
    errors = [name for name in ootd.__all__ if name.endswith("Error") and name != "OotdError"]
    missing = [
        name
        for name in (*methods, *errors)
        if f"`{name}" not in text and f"`client.{name}`" not in text
    ]
    assert set(missing) <= {"close", "target"}
