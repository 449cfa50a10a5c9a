"""GatewayProcess: a real gateway as a child process, for integration tests."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

_END_WITH_PARENT = Path(__file__).with_name("_end_with_parent.py")
_POLL_S = 0.05
_QUOTED_LINES = 20
_Gateway = TypeVar("_Gateway", bound="GatewayProcess")


class GatewayProcessError(Exception):
    """No gateway can be started, or it did not become ready; the message says why."""


class GatewayProcess:
    """`ootd-gateway` in a process of its own, for integration tests.

        with GatewayProcess(tmp_path) as gateway, ootd.Client(gateway.target) as client:
            client.status()

    It listens on free ports of 127.0.0.1. `folder` takes its database, its log and the file by
    which it tells that it is ready; a gateway that is started again on the same folder finds its
    items there. `settings` are the gateway's by name, as in its TOML file: `model_repository=path`,
    `triton_mode="external"`, `triton_address="triton:8001"`, `listen_address="127.0.0.1:8500"`.

    `command` starts it, with `--ready-file FILE` added; without it, the gateway that is installed
    beside this package. One elsewhere is `["/opt/gateway/bin/ootd-gateway"]`. `environment` are its
    variables; by default those of this process without `OOTD_…`, so that no setting of a shell
    decides a test. It has `start_timeout_s` seconds until all models are ready.

    It ends with this process, even with one that is killed (on Linux; strictly, with the thread
    that started it), and takes its embedded Triton with it. Ctrl-C does not reach it.
    """

    def __init__(
        self,
        folder: "str | os.PathLike[str]",
        *,
        command: "Sequence[str] | None" = None,
        environment: "Mapping[str, str] | None" = None,
        start_timeout_s: float = 300.0,
        **settings: object,
    ) -> None:
        self.folder = Path(folder)
        self.log_path = self.folder / "gateway.log"
        self.addresses: dict[str, str] = {}
        self._command = None if command is None else tuple(command)
        self._start_timeout_s = start_timeout_s
        self._ready_file = self.folder / "ready.json"
        self._log_start = 0  # bytes that an earlier process wrote
        self._process: subprocess.Popen[bytes] | None = None
        chosen = {
            "listen_address": "127.0.0.1:0",
            "metrics_address": "127.0.0.1:0",
            "data_folder": self.folder / "data",
            "log_format": "json",
            **settings,
        }
        if environment is None:
            environment = {k: v for k, v in os.environ.items() if not k.startswith("OOTD_")}
        self._environment = {
            **environment,
            **{f"OOTD_{name.upper()}": str(value) for name, value in chosen.items()},
        }

    def __enter__(self: _Gateway) -> _Gateway:
        return self.start()

    def __exit__(
        self,
        exc_type: "type[BaseException] | None",
        exc: "BaseException | None",
        traceback: "TracebackType | None",
    ) -> None:
        self.stop()

    @property
    def target(self) -> str:
        """Its address, "127.0.0.1:port"; GatewayProcessError before it is ready.

        `addresses` has the others: `metrics_address`, `health_address`, `triton_address` and
        `triton_metrics_address`, "" where there is none.
        """
        if "address" not in self.addresses:
            raise GatewayProcessError("the gateway is not ready")
        return self.addresses["address"]

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process, such as for its `pid`; GatewayProcessError before the first start."""
        if self._process is None:
            raise GatewayProcessError("the gateway was not started")
        return self._process

    def start(self: _Gateway) -> _Gateway:
        """Start it and wait until it is ready; GatewayProcessError, with nothing left running."""
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> None:
        """Start it and wait for nothing; GatewayProcessError where there is no gateway to start."""
        command = self._checked_command()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ready_file.unlink(missing_ok=True)
        self.addresses = {}
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            own = (sys.executable, "-I", "-S", str(_END_WITH_PARENT), str(os.getpid()))
            self._process = subprocess.Popen(  # noqa: S603 - what the caller chose
                [*own, *command, "--ready-file", str(self._ready_file)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C is for whoever started it
            )

    def wait_until_ready(
        self, on_event: "Callable[[dict[str, Any]], None]" = lambda _event: None
    ) -> None:
        """Wait until every model is ready; `on_event` gets each line that it logs meanwhile.

        Raises GatewayProcessError, with its last lines, where it ends or takes too long. It is not
        stopped then.
        """
        deadline = time.monotonic() + self._start_timeout_s
        told = 0
        while True:
            is_ready = self._ready_file.exists()
            events = self._events(self._log_start)
            for event in events[told:]:
                on_event(event)
            told = len(events)
            if is_ready:
                break
            status = self.process.poll()
            if status is not None:
                raise self._error(f"the gateway ended with status {status}")
            if time.monotonic() > deadline:
                raise self._error(f"the gateway was not ready after {self._start_timeout_s:g} s")
            time.sleep(_POLL_S)
        ready = json.loads(self._ready_file.read_text(encoding="utf-8"))
        self.addresses = {name: one for name, one in ready.items() if name.endswith("address")}

    def stop(
        self, signal_number: signal.Signals = signal.SIGTERM, *, timeout_s: float = 40.0
    ) -> int:
        """Let its running calls end, then it; killed where that takes longer than `timeout_s`.

        Returns its exit status, -N where signal N ended it, 0 where it was never started. Twice
        does no harm.
        """
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signal_number)
            try:
                process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
        return process.wait()

    def kill(self) -> None:
        """End it with SIGKILL, as a machine that loses power would."""
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        """What it has written until now, former starts on this folder included."""
        return self._read_log(0)

    def log_events(self) -> "list[dict[str, Any]]":
        """The lines of its log that are JSON: `event`, `level`, `timestamp` and more."""
        return self._events(0)

    def _checked_command(self) -> "tuple[str, ...]":
        if self._command is not None:
            if shutil.which(self._command[0]) is None:
                raise GatewayProcessError(f"there is no command {self._command[0]!r} to start")
            return self._command
        if find_spec("ootd_gateway") is None:
            raise GatewayProcessError(
                "ootd-gateway is not installed beside this client; run: pip install "
                "'ootd-gateway[embedded]', or say what starts one that is elsewhere: "
                "GatewayProcess(folder, command=['/path/to/ootd-gateway'])"
            )
        return (sys.executable, "-m", "ootd_gateway")

    def _read_log(self, start: int) -> str:
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(start)
            return log.read().decode("utf-8", errors="replace")

    def _events(self, start: int) -> "list[dict[str, Any]]":
        events = []
        for line in self._read_log(start).splitlines():
            if line.startswith("{"):
                try:
                    events.append(json.loads(line))
                except ValueError:  # half of it is written, or it is no log line
                    continue
        return events

    def _error(self, text: str) -> GatewayProcessError:
        lines = self._read_log(self._log_start).splitlines()[-_QUOTED_LINES:]
        said = "\n".join(f"  {line}" for line in lines) or "  (it said nothing)"
        return GatewayProcessError(f"{text}:\n{said}")
