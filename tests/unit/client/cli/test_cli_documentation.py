"""What clients/python/CLI.md says of exit codes and JSON is what the command does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ootd_command import Cli

from ootd import DroppedGarment, ImageAnalysis
from ootd.cli import exit_codes
from ootd.testing import FakeGateway
from ootd.testing._made_up_vision import make_up

PAGE = Path(__file__).parents[4] / "clients" / "python" / "CLI.md"
OPEN_FIELDS = ("attributes.*", "health.*")


def sections() -> dict[str, str]:
    _, *parts = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.split("\n", 1)[0]: part for part in parts}


SECTIONS = sections()


def documented(name: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", SECTIONS[name], re.MULTILINE))


def flattened(value: Any, path: str = "") -> Iterator[str]:
    """Every path of a line, such as "garments[].score"; below a payload nothing is documented."""
    if path.endswith("payload"):
        yield path
    elif isinstance(value, dict) and f"{path.rsplit('.', maxsplit=1)[-1]}.*" in OPEN_FIELDS:
        yield f"{path}.*"
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from flattened(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and not path.endswith("box"):
        for one in value:
            yield from flattened(one, f"{path}[]")
    else:
        yield path


def see(image: bytes, category: Any, region: Any) -> ImageAnalysis:
    """Made-up garments, one of which is dropped."""
    analysis = make_up(image, category, region)
    dropped = DroppedGarment(analysis.garments[0], "explained_by_dress")
    return ImageAnalysis(600, 800, analysis.garments, (dropped,), "models-1")


ALL_FIELDS = ("--fields", "title,attributes,payload,garment")

COMMANDS: dict[str, tuple[tuple[object, ...], int]] = {
    "analyze": (("analyze", "PHOTO", "none.jpg", "--histogram"), 1),
    "search": (
        ("search", "PHOTO", "none.jpg", "--histogram", "--parts", "--category", "bag", *ALL_FIELDS),
        1,
    ),
    "search --item": (("search", "--item", "stored", "--parts", *ALL_FIELDS), 0),
    "ingest": (("ingest", "FOLDER"), 1),
    "item put": (
        ("item", "put", "new", "PHOTO", "--attribute", "a=b", "--histogram", "--category", "bag"),
        0,
    ),
    "item get": (("item", "get", "stored", "--histogram"), 0),
    "item list": (("item", "list", *ALL_FIELDS), 0),
    "item list --page-size": (("item", "list", "--page-size", 1, *ALL_FIELDS), 0),
    "item delete": (("item", "delete", "stored", "nothing"), 0),
    "taxonomy": (("taxonomy",), 0),
    "status": (("status",), 0),
    "samples": (("samples", "NEW", "--outfits", 1, "--catalog", 1), 0),
}


def test_every_command_is_documented(cli: Cli) -> None:
    assert SECTIONS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_fields_are_those_that_are_printed(
    cli: Cli, gateway: FakeGateway, photos: list[Path], tmp_path: Path, name: str
) -> None:
    gateway.analyze = see
    options = ("--category", "bag", "--attribute", "brand=Acme")
    for item_id in ("stored", "other"):
        assert cli("item", "put", item_id, photos[0], *options).exit_code == 0
    (tmp_path / "empty.jpg").touch()
    arguments, code = COMMANDS[name]
    places = {"PHOTO": photos[0], "FOLDER": tmp_path, "NEW": tmp_path / "new"}
    texts = [places.get(str(one), one) for one in arguments]
    lines = cli.lines(*texts, exit_code=code)
    printed = {path for line in lines for path in flattened(line)}
    never = {one for one in documented(name) if one in {"problems[]", "attribute_groups[].sub[]"}}
    assert printed | never == documented(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_have_these_fields(name: str) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", SECTIONS[name], re.DOTALL)
    lines = [json.loads(line) for line in block.splitlines()]
    assert lines
    paths = {path for line in lines for path in flattened(line)}
    assert paths <= documented(name)
    required = {one for one in documented(name) if "[]" not in one and "." not in one}
    assert {one.split(".")[0].split("[")[0] for line in lines for one in line} >= required


def test_exit_codes_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(code) for code, _ in rows] == list(exit_codes.MEANINGS)
