"""What reaches the terminal, the pipe or the full disk."""

import fcntl
import json
import os
import re
import struct
import termios
from pathlib import Path

import pytest
from ootd_command import Cli, jpeg

from ootd import Client, EmbeddingUpload
from ootd.cli.printable import printable, printable_json
from ootd.testing import FakeGateway

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

COMMANDS = [
    ("status",),
    ("status", "--json"),
    ("taxonomy",),
    ("item", "list"),
    ("--help",),
    ("--version",),
    ("analyze", "PHOTO"),
    ("analyze", "PHOTO", "PHOTO", "--json"),
]


@pytest.fixture
def stored(gateway: FakeGateway, cli: Cli, photos: list[Path]) -> str:
    assert cli("item", "put", "stored", photos[0]).exit_code == 0
    return "stored"


def texts(arguments: tuple[str, ...], photos: list[Path]) -> list[object]:
    return [photos[0] if one == "PHOTO" else one for one in arguments]


@pytest.mark.parametrize("arguments", COMMANDS)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_a_sentence(
    cli: Cli, photos: list[Path], stored: str, arguments: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = cli.process(*texts(arguments, photos), stdout=full)
    assert done.stderr.decode().count("\n") == 1, done.stderr
    assert b"Cannot write the output: no space left on device." in done.stderr
    assert done.returncode == 6


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_closed_output_is_a_sentence(
    cli: Cli, photos: list[Path], stored: str, arguments: tuple[str, ...]
) -> None:
    done = cli.process(*texts(arguments, photos), shell=">&-")
    assert done.stderr.decode().splitlines() == [
        "Cannot write the output: standard output is closed; /dev/null discards it."
    ]
    assert done.returncode == 6


def test_standard_error_may_be_closed_or_full(cli: Cli, photos: list[Path]) -> None:
    arguments = ("analyze", photos[0], "none.jpg", "--json")
    done = cli.process(*arguments, shell="2>&-")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    with Path("/dev/full").open("wb") as full:
        done = cli.process(*arguments, stderr=full)
    assert b"Traceback" not in done.stdout


def test_a_reader_that_stops_ends_it_quietly(cli: Cli, gateway: FakeGateway, stored: str) -> None:
    template = gateway.items[stored]
    for number in range(3000):
        item = type(template)()
        item.CopyFrom(template)
        item.item_id = f"item-{number:05}"
        item.title = "x" * 100
        gateway.items[item.item_id] = item
    for options in ((), ("--json",)):
        reading, writing = os.pipe()
        os.close(reading)
        done = cli.process("item", "list", *options, stdout=writing)
        os.close(writing)
        assert done.returncode == 141, done.stderr
        assert done.stderr == b""


ODD_NAMES = [b"esc\x1b[31mred.jpg", b"two\nlines.jpg", b"bell\x07.jpg", b"not-utf8-\xff\xc3.jpg"]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("command", ["analyze", "search"])
def test_names_of_files_cannot_steer_the_terminal(
    cli: Cli, tmp_path: Path, command: str, name: bytes
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    path = os.fsencode(folder) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(jpeg(1))
    broken = Path(os.fsdecode(path.replace(b".jpg", b"zz.jpg")))
    broken.write_bytes(b"no photo")
    for options in ((), ("--json",), ("--draw", tmp_path / f"drawn-{command}")):
        done = cli.process(command, folder, *options)
        assert done.returncode == 1, done.stderr
        for text in (done.stdout.decode(), done.stderr.decode()):
            assert not CONTROL.search(text), text
    first = cli.process(command, folder, "--json").stdout.splitlines()[0]
    assert os.fsencode(json.loads(first)["image"]) == path


def test_what_the_catalogue_holds_cannot_steer_the_terminal(
    cli: Cli, gateway: FakeGateway, photos: list[Path]
) -> None:
    evil = "evil\x9b31m\x1b]0;title\x07\u202etxt.exe\n"
    cli("item", "put", "evil", photos[0], "--payload", evil)
    stored = gateway.items["evil"]  # as a gateway holds it that refused less
    stored.title = evil
    stored.attributes[evil] = evil
    for arguments in (
        ("item", "get", "evil"),
        ("item", "list"),
        ("search", photos[0]),
        ("item", "list", "--json"),
    ):
        result = cli(*arguments)
        assert result.exit_code == 0
        assert not CONTROL.search(result.stdout), result.stdout
    assert cli.lines("item", "get", "evil")[0]["title"] == evil


def test_printable_keeps_every_script() -> None:
    for text in ("пальто", "コート", "معطف", "कोट", "👩\u200d👧", "thé\u00a0vert", "a b"):
        assert printable(text) == text
    assert printable("a\x1b[31m\n\udcff\u202e\x9b") == "a\\x1b[31m\\n\\xff\\u202e\\x9b"
    line = json.dumps("\x9b\u202e\x7fé", ensure_ascii=False)
    assert json.loads(printable_json(line)) == json.loads(line)
    assert printable_json(line) == '"\\u009b\\u202e\\u007fé"'


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb"},
        {"NO_COLOR": "1", "FORCE_COLOR": ""},
        {"COLUMNS": "20"},
    ],
)
def test_every_terminal_is_written_to(cli: Cli, shop: Path, environment: dict[str, str]) -> None:
    assert cli("ingest", shop).exit_code == 0
    photo = shop / "Café 1.png"
    for arguments in (
        ("analyze", photo),
        ("search", photo, "--parts"),
        ("item", "list"),
        ("item", "list", "--json"),
        ("status",),
        ("taxonomy",),
        ("--help",),
    ):
        done = cli.process(*arguments, environment=environment)
        assert done.returncode == 0, done.stderr
        assert done.stderr == b""
        assert b"\x1b" not in done.stdout


@pytest.mark.parametrize("columns", [1, 30, 64, 200])
def test_a_narrow_terminal_loses_no_column(cli: Cli, photos: list[Path], columns: int) -> None:
    cli("item", "put", "stored", photos[0], "--category", "bag", "--title", "Title")
    terminal, user = os.openpty()
    fcntl.ioctl(user, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    query = ("search", photos[0], "--category", "bag", "--parts")
    done = cli.process(*query, stdout=user, environment={"TERM": "xterm", "NO_COLOR": "1"})
    os.close(user)
    shown = os.read(terminal, 1 << 20).decode()
    os.close(terminal)
    assert done.returncode == 0
    for text in ("score", "color", "id", "title", "1.000", "store", "Title"):
        assert text in shown, shown


def test_completion_is_offered(cli: Cli) -> None:
    assert "--install-completion" in cli("--help").stdout
    variables = {"_OOTD_COMPLETE": "complete_bash", "COMP_WORDS": "ootd sta", "COMP_CWORD": "1"}
    done = cli.process(environment=variables)
    assert done.stdout.split() == [b"status"], done.stderr


def test_a_vector_item_has_no_photo_to_show(gateway: FakeGateway, cli: Cli) -> None:
    with Client(gateway.target) as client:
        client.upsert_item(EmbeddingUpload("ready", (0.1,) * 128, "bag", title="Ready"))
    assert "Ready" in cli("item", "get", "ready").stdout
    assert cli.lines("item", "get", "ready")[0]["garment"]["box"] is None
