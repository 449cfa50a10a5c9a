"""Connections that say nothing: probes are answered, and a process with few descriptors says so."""

import json
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway_process import GatewayProcess
from waiting import wait_until

STARTS = [sys.executable, "-m", "ootd_gateway", "--triton-mode=external", "--log-format=json"]


def started_with(limit: int, *options: str) -> "subprocess.CompletedProcess[str]":
    command = f'ulimit -n {limit}; exec "$@"'
    return subprocess.run(
        ["bash", "-c", command, "bash", *STARTS, *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_too_few_descriptors_are_told_in_one_line(tmp_path: Path) -> None:
    ended = started_with(24, f"--data-folder={tmp_path}")
    assert ended.returncode == 1
    last = json.loads(ended.stderr.splitlines()[-1])
    assert "cannot start: the process may open 24 files" in last["event"]
    assert "Traceback" not in ended.stderr


def answers_probes(gateway: GatewayProcess) -> bool:
    return (gateway.page("/healthz")[0], gateway.page("/readyz")[0]) == (200, 503)


def test_probes_are_answered_when_silent_connections_have_taken_all(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    gateway = GatewayProcess(tmp_path, triton_mode="external", triton_address="127.0.0.1:1")
    request.addfinalizer(gateway.stop)
    gateway.start()
    pid = gateway.process.pid
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, _ = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    assert soft == min(hard, 1 << 20)
    in_use = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (in_use + 10, hard))
    host, _, port = gateway.target.rpartition(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(60)]
    try:
        # gRPC takes the connections in its own time: only then are there no more descriptors.
        assert wait_until(
            lambda: answers_probes(gateway) and "no more file descriptors" in gateway.log()
        )
        for _ in range(3):
            assert answers_probes(gateway)
    finally:
        for one in silent:
            one.close()
    assert gateway.log().count("no more file descriptors") == 1
