"""The comments of protos/, by what they stand before."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROTOS = Path(__file__).parents[2] / "protos" / "ootd" / "v1"

_BLOCK = re.compile(r"(?:service|message|enum|oneof) (\w+) \{")
_METHOD = re.compile(r"rpc (\w+)\(")
_FIELD = re.compile(r"[\w.<>, ]* ?\b(\w+) = \d+;")


@cache
def proto_comments() -> dict[str, str]:
    """Comments as one line each, by names such as "GetItemRequest.item_id"; a oneof counts not."""
    return {
        name: comment
        for path in sorted(PROTOS.glob("*.proto"))
        for name, comment in _comments(path.read_text())
    }


def _comments(text: str) -> Iterator[tuple[str, str]]:
    above: list[str] = []
    blocks: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("//"):
            above.append(line.removeprefix("//").strip())
            continue
        opened = _BLOCK.match(line)
        named = opened or _METHOD.match(line) or _FIELD.match(line)
        if named:
            around = [*(one for one in blocks if one), named[1]]
            yield ".".join(around), " ".join(above)
        if opened and line.endswith("{"):
            blocks.append("" if line.startswith("oneof") else opened[1])
        elif line == "}":
            blocks.pop()
        above = []
