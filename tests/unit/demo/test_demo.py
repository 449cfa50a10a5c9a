"""The demo around a gateway that is a fake, in a process of its own as the real one is."""

import ast
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

import ootd_demo
from ootd_demo.__main__ import main
from ootd_demo.demo import DemoError, DemoOptions, run_demo
from ootd_demo.report import Report

FAKE = """
import json, pathlib, signal, sys, threading
from ootd.testing import FakeGateway
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print(json.dumps({"event": "Triton has loaded a model", "level": "info"}), flush=True)
with FakeGateway() as gateway:
    ready = pathlib.Path(sys.argv[sys.argv.index("--ready-file") + 1])
    part = ready.with_suffix(".part")
    part.write_text(json.dumps({"address": gateway.target}))
    part.rename(ready)
    stop.wait(60)
"""
BROKEN = "print('settings: listen_address: port 8500 is taken'); raise SystemExit(1)"


def command(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def report() -> Report:
    quiet = Report()
    quiet.console = Console(file=io.StringIO(), width=120)
    return quiet


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (60, 80), (number * 50, 9, 9)).save(folder / f"bag {number}.png")
    return folder


def test_from_photos_to_pictures(shop: Path, tmp_path: Path, report: Report) -> None:
    (shop / "broken.jpg").write_text("no photo")
    output = tmp_path / "out"
    options = DemoOptions(shop, shop, output, k=2, most=3)
    pictures = run_demo(options, report, command(FAKE))
    assert [path.name for path in pictures] == ["001-bag 0.png", "002-bag 1.png", "003-bag 2.png"]
    assert all(Image.open(path).width > 1000 for path in pictures)
    assert isinstance(report.console.file, io.StringIO)
    text = report.console.file.getvalue()
    assert "Triton has loaded a model" in text
    assert "4 items in the catalogue, 1 failed" in text
    assert "first 3 of 5 photos" in text
    assert re.search(r"bag 0\.png .* 1\.000", text), text


def test_what_is_not_given_is_drawn(tmp_path: Path, report: Report) -> None:
    options = DemoOptions(None, None, tmp_path, outfits=1, items=1)
    (picture,) = run_demo(options, report, command(FAKE))
    assert picture.exists()
    assert (tmp_path / "samples" / "catalog.csv").exists()


def test_a_gateway_that_does_not_start_is_quoted(
    shop: Path, tmp_path: Path, report: Report
) -> None:
    with pytest.raises(DemoError, match=r"(?s)ended with status 1.*port 8500 is taken"):
        run_demo(DemoOptions(shop, shop, tmp_path / "out"), report, command(BROKEN))


@pytest.mark.parametrize("option", ["--photos", "--catalog"])
def test_folders_that_are_none_are_told_at_once(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([option, str(tmp_path / "none"), "--output", str(tmp_path / "out")]) == 1
    assert f"{option[2:].upper()}: there is no" in capsys.readouterr().err
    assert main([option, str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    assert f"{option[2:].upper()}: no" in capsys.readouterr().err


def test_ctrl_c_stops_everything(shop: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    gateway = f"""
import os, pathlib, time
part = pathlib.Path({str(tmp_path / "part")!r})
part.write_text(str(os.getpid()))
part.rename({str(pid_file)!r})
time.sleep(60)
"""
    arguments = ["--photos", shop, "--catalog", shop, "--output", tmp_path / "out"]
    code = f"""
import sys
from ootd_demo.__main__ import main
sys.exit(main({[str(one) for one in arguments]!r}, {command(gateway)!r}))
"""
    demo = subprocess.Popen(command(code), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = int(pid_file.read_text())
    assert is_alive(pid)
    demo.send_signal(signal.SIGINT)
    _, errors = demo.communicate(timeout=30)
    assert demo.returncode == 130, errors
    assert b"demo: stopped" in errors
    assert b"Traceback" not in errors
    assert not is_alive(pid)


def test_it_knows_the_gateway_as_a_process_alone() -> None:
    for path in Path(ootd_demo.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            assert not {one.partition(".")[0] for one in modules} & {"ootd_gateway", "grpc"}, path
