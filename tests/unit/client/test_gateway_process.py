"""A gateway as a child process: how it starts, what it tells, and that nothing of it stays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import ootd
from ootd.testing import GatewayProcess, GatewayProcessError, _gateway_process

GATEWAY = """
import json, os, pathlib, signal, sys, threading
from ootd.testing import FakeGateway
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print(json.dumps({"event": "starting", "level": "info", "folder": os.environ["OOTD_DATA_FOLDER"]}))
print("no JSON", flush=True)
with FakeGateway() as gateway:
    ready = pathlib.Path(sys.argv[sys.argv.index("--ready-file") + 1])
    part = ready.with_suffix(".part")
    part.write_text(json.dumps({"address": gateway.target, "metrics_address": "", "pid": 1}))
    part.replace(ready)
    stop.wait(60)
print(json.dumps({"event": "stopped", "level": "info"}))
"""
SLEEPING = "import time; print('asleep', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPING
BROKEN = "print('settings: listen_address: port 8500 is taken'); raise SystemExit(1)"


def command(code: str) -> "list[str]":
    return [sys.executable, "-c", code]


def wait_until(fact: "Callable[[], object]") -> None:
    deadline = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and nobody asked about is none."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_it_answers_tells_and_ends(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, command=command(GATEWAY)) as gateway:
        pid = gateway.process.pid
        assert gateway.addresses == {"address": gateway.target, "metrics_address": ""}
        with ootd.Client(gateway.target) as client:
            assert client.health() == "serving"
        (event,) = gateway.log_events()
        assert event["folder"] == str(tmp_path / "data")
        assert "no JSON" in gateway.log()
        assert gateway.stop() == 0
        assert gateway.log_events()[-1]["event"] == "stopped"
        assert gateway.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_starts_again_on_its_folder(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path, command=command(GATEWAY))
    with pytest.raises(GatewayProcessError, match="not started"):
        assert gateway.process
    with pytest.raises(GatewayProcessError, match="not ready"):
        assert gateway.target
    assert gateway.stop() == 0
    gateway.start().kill()
    assert gateway.stop() == -signal.SIGKILL
    seen: list[str] = []
    gateway.launch()
    gateway.wait_until_ready(lambda event: seen.append(event["event"]))
    assert seen == ["starting"]
    assert gateway.stop() == 0
    assert [one["event"] for one in gateway.log_events()] == ["starting", "starting", "stopped"]


def test_settings_are_the_gateways_and_those_of_the_shell_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = "import os; print(sorted(k for k in os.environ if k[:5] == 'OOTD_'), flush=True)\n"
    monkeypatch.setenv("OOTD_TOKEN_FILE", "/nowhere")
    with GatewayProcess(tmp_path, command=command(show + GATEWAY), drain_seconds=3) as gateway:
        assert "'OOTD_DRAIN_SECONDS'" in gateway.log()
        assert "OOTD_TOKEN_FILE" not in gateway.log()
    environment = {"OOTD_TRITON_MODE": "external"}
    gateway = GatewayProcess(tmp_path, command=command(show + GATEWAY), environment=environment)
    with gateway:
        assert "'OOTD_TRITON_MODE'" in gateway.log()


def test_one_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path, command=command(BROKEN))
    with pytest.raises(GatewayProcessError, match=r"(?s)ended with status 1:.*port 8500 is taken"):
        gateway.start()
    # What an earlier start said is not quoted again.
    gateway = GatewayProcess(tmp_path, command=command("raise SystemExit(3)"))
    with pytest.raises(GatewayProcessError, match=r"status 3:\n  \(it said nothing\)"):
        gateway.start()


def test_one_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path, command=command(SLEEPING), start_timeout_s=0.1)
    with pytest.raises(GatewayProcessError, match=r"not ready after 0\.1 s"):
        gateway.start()
    assert gateway.process.returncode == -signal.SIGTERM


def test_one_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path, command=command(DEAF))
    gateway.launch()
    wait_until(lambda: "asleep" in gateway.log())
    assert gateway.stop(timeout_s=0.1) == -signal.SIGKILL


def test_without_a_gateway_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_gateway_process, "find_spec", lambda _: None)
    with pytest.raises(GatewayProcessError, match=r"pip install 'ootd-gateway\[embedded\]'"):
        GatewayProcess(tmp_path).start()
    with pytest.raises(GatewayProcessError, match="there is no command '/nowhere/ootd-gateway'"):
        GatewayProcess(tmp_path, command=["/nowhere/ootd-gateway"]).start()
    (tmp_path / "broken").write_text("#!/nowhere/python\n")
    (tmp_path / "broken").chmod(0o755)
    with pytest.raises(GatewayProcessError, match="broken cannot be run: No such file"):
        GatewayProcess(tmp_path, command=[str(tmp_path / "broken")]).start()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends it with a killed parent")
def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    owner = f"""
import time
from ootd.testing import GatewayProcess
with GatewayProcess({str(tmp_path)!r}, command={command(GATEWAY)!r}) as gateway:
    print(gateway.process.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(command(owner), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert is_running(pid)
        process.kill()
    wait_until(lambda: not is_running(pid))
    assert GatewayProcess(tmp_path).log_events()[-1]["event"] == "stopped"
