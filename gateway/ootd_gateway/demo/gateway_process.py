"""A gateway as a child process, on free ports and with a data folder that is thrown away."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

GATEWAY_COMMAND = (sys.executable, "-m", "ootd_gateway")
"""Starts a gateway; further arguments follow."""

_NOT_FOR_A_DEMO = (
    "OOTD_TOKEN_FILE",
    "OOTD_TLS_CERTIFICATE_FILE",
    "OOTD_TLS_PRIVATE_KEY_FILE",
    "OOTD_TLS_CLIENT_CA_FILE",
    "OOTD_HEALTH_ADDRESS",
    "OOTD_DRAIN_DELAY_SECONDS",
)
_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.1
_STOP_SECONDS = 40.0
_TOLD_LINES = 5


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


class GatewayProcess:
    """`python -m ootd_gateway`, from `with` to its end; nothing of it is left behind then.

    `folder` takes its data, its log and the file that tells its address. Settings that are in the
    environment hold for it too, such as OOTD_MODEL_REPOSITORY. `command` takes the gateway's place
    in tests; it is given `--ready-file FILE`.
    """

    def __init__(self, folder: Path, command: Sequence[str] = GATEWAY_COMMAND) -> None:
        self._command = tuple(command)
        self.log = folder / "gateway.log"
        self._folder = folder
        self._ready_file = folder / "ready.json"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        environment = {
            **os.environ,
            "OOTD_DATA_FOLDER": str(self._folder / "data"),
            "OOTD_LISTEN_ADDRESS": "127.0.0.1:0",
            "OOTD_METRICS_ADDRESS": "",
            "OOTD_LOG_FORMAT": "json",
        }
        for name in _NOT_FOR_A_DEMO:
            environment.pop(name, None)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # our own interpreter and module
                [*self._command, "--ready-file", str(self._ready_file)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the demo, which then stops the gateway in its turn.
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs yet
            )
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let running calls end, then the gateway and its Triton; twice does no harm."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait_until_ready(
        self, timeout_seconds: float, tell: Callable[[str], None] = lambda _: None
    ) -> str:
        """Return the address once every model is ready; `tell` gets what the gateway logs.

        Raises DemoError, with the gateway's own words, where it ends or takes too long.
        """
        assert self._process is not None
        deadline = time.monotonic() + timeout_seconds
        told = 0
        while True:
            is_ready = self._ready_file.exists()
            events = self._events()
            for event in events[told:]:
                tell(event)
            told = len(events)
            if is_ready:
                break
            status = self._process.poll()
            if status is not None:
                raise DemoError(f"the gateway ended with status {status}:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise DemoError(
                    f"the gateway was not ready after {timeout_seconds:g} s:\n{self._last_words()}"
                )
            time.sleep(_POLL_SECONDS)
        address: str = json.loads(self._ready_file.read_text(encoding="utf-8"))["address"]
        return address

    def _events(self) -> list[str]:
        """What was logged until now, warnings left out: while it starts they are of no use."""
        events: list[str] = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and entry.get("level") == "info" and "event" in entry:
                events.append(str(entry["event"]))
        return events

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-_TOLD_LINES:]) or "  (it said nothing)"


def _end_with_parent() -> None:
    """Runs in the child: SIGTERM when the demo dies, `kill -9` included. Linux alone has this."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
