"""The embedded Triton server: start it, know its addresses, stop it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ootd_gateway.embedded import supervisor
from ootd_gateway.embedded.assemble import Installation, assemble
from ootd_gateway.embedded.errors import EmbeddedTritonError
from ootd_gateway.embedded.model_readiness import Readiness
from ootd_gateway.embedded.server_log import ServerLog

HOST = "127.0.0.1"
_POLL_S = 0.1
_SUPERVISOR_RESTART_S = 0.5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedTritonSettings:
    """Ports: 0 takes a free one; ``http_port=None`` leaves HTTP off. Timeouts are in seconds.

    ``log_path``: where Triton's own log goes, by default a new file in the temporary folder that is
    deleted in the end if nothing went wrong.
    ``gpu``: let Triton see the GPUs of this machine.
    """

    model_repository: Path
    grpc_port: int = 0
    http_port: int | None = None
    metrics_port: int = 0
    log_path: Path | None = None
    ready_timeout_s: float = 120.0
    stop_timeout_s: float = 10.0
    gpu: bool = False


def _ignore(_text: str) -> None:
    pass


class EmbeddedTriton:
    """A Triton server that lives as long as this process at most, restarted if it dies.

    Use it as a context manager, plain or async (which starts and stops in a thread), or call
    ``start`` and ``stop``; each object starts once. ``report`` is told about progress, one line at
    a time. ``on_restart`` is told the cause of each restart in a word, from a thread: a signal such
    as "sigsegv", "exit", "model_process_died" or "supervisor_died".
    """

    def __init__(
        self,
        settings: EmbeddedTritonSettings,
        report: Callable[[str], None] = _ignore,
        on_restart: Callable[[str], None] = _ignore,
    ) -> None:
        self._settings = settings
        self._report = report
        self._on_restart = on_restart
        self._ports: dict[str, int] = {}
        self._log = ServerLog(settings.log_path or _new_log_path())
        self._shared_memory_prefix = f"ootd-{os.getpid()}-{secrets.token_hex(4)}-"
        self._work_folder: Path | None = None
        # Guards `_supervisor`: the watcher may start another while the owner stops.
        self._lock = threading.Lock()
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()
        self._exited = threading.Event()
        self._watched = threading.Event()
        self._ready = False
        self._pid: int | None = None
        self._restarts = 0

    @property
    def grpc_url(self) -> str:
        """``host:port`` of Triton's gRPC service."""
        return f"{HOST}:{self._ports['gRPC']}"

    @property
    def http_url(self) -> str | None:
        """``host:port`` of Triton's HTTP service, None where it is off."""
        return f"{HOST}:{self._ports['HTTP']}" if "HTTP" in self._ports else None

    @property
    def metrics_url(self) -> str:
        """Where Prometheus scrapes Triton."""
        return f"http://{self.metrics_address}/metrics"

    @property
    def metrics_address(self) -> str:
        """``host:port`` of Triton's metrics."""
        return f"{HOST}:{self._ports['metrics']}"

    @property
    def log_path(self) -> Path:
        """Triton's own log."""
        return self._log.path

    @property
    def pid(self) -> int | None:
        """The process id of ``tritonserver``, None while there is none."""
        return self._pid

    @property
    def restarts(self) -> int:
        """How often Triton died after it had been ready, and was started again."""
        return self._restarts

    def start(self) -> None:
        """Start Triton and wait until every model is ready.

        Raises EmbeddedTritonError with the model's own error where one cannot be loaded, or with
        the reason that Triton gives for not starting. Then nothing is left running.
        """
        if self._watcher is not None:
            raise EmbeddedTritonError("this embedded Triton has been started before")
        began = time.monotonic()
        self._report("starting Triton")
        try:
            self._choose_ports()
            with self._lock:
                self._spawn()
            self._wait_until_ready()
            self._wait_until_watched()
        except BaseException:
            self.stop()
            raise
        self._ready = True
        self._report(f"Triton is ready after {time.monotonic() - began:.1f} s")

    def stop(self) -> None:
        """Stop Triton and everything it started. Safe to call twice."""
        with self._lock:
            self._stopping.set()
            process, self._supervisor = self._supervisor, None
        if process is not None:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it is dead already
                if not self._ready:
                    process.stdin.write(b"at once\n")  # nobody can have a request in it
                process.stdin.close()  # the supervisor takes this as the end
            try:
                process.wait(self._settings.stop_timeout_s + 10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._watcher is not None:
            self._watcher.join()
        self._remove_leftovers()
        self._remove_log()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        starting = asyncio.create_task(asyncio.to_thread(self.start))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._stopping.set()  # makes the thread give up and clean up
            with contextlib.suppress(EmbeddedTritonError):
                await starting
            raise
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _choose_ports(self) -> None:
        settings = self._settings
        wanted = {
            "gRPC": settings.grpc_port,
            "metrics": settings.metrics_port,
            "HTTP": settings.http_port,
        }
        with contextlib.ExitStack() as probes:  # all held together, so that they differ
            for purpose, port in wanted.items():
                if port is not None:
                    self._ports[purpose] = _usable_port(port, purpose, probes)

    def _spawn(self) -> None:
        """Start the supervisor, which starts Triton, and a thread that listens to it."""
        repository = self._settings.model_repository.resolve()
        if not repository.is_dir():
            raise EmbeddedTritonError(f"there is no model repository {repository}")
        self._work_folder = Path(tempfile.mkdtemp(prefix="ootd-triton-"))
        installation = assemble(self._work_folder / "backends", gpu=self._settings.gpu)
        spec = supervisor.Spec(
            command=self._command(installation, repository),
            environment=installation.environment,
            port=self._ports["gRPC"],
            log_path=str(self._log.path.resolve()),
            shared_memory_prefix=self._shared_memory_prefix,
            work_folder=str(self._work_folder),
            stop_timeout_s=self._settings.stop_timeout_s,
        )
        spec_path = self._work_folder / "supervisor.json"
        spec_path.touch(mode=0o600)  # it holds the environment
        spec_path.write_text(json.dumps(asdict(spec)))
        process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", supervisor.__file__, str(spec_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the owner alone
        )
        self._supervisor = process
        self._watcher = threading.Thread(
            target=self._watch, args=(process,), name="triton-watcher", daemon=True
        )
        self._watcher.start()

    def _command(self, installation: Installation, repository: Path) -> list[str]:
        settings = self._settings
        python_backend = {
            "shm-region-prefix-name": self._shared_memory_prefix,
            "stub-timeout-seconds": str(int(settings.ready_timeout_s)),
        }
        http = "HTTP" in self._ports
        return [
            str(installation.binary),
            f"--model-repository={repository}",
            f"--backend-directory={installation.backends}",
            *(f"--backend-config=python,{key}={value}" for key, value in python_backend.items()),
            "--disable-auto-complete-config",
            "--exit-on-error=false",  # so that the index can tell which model failed, and why
            "--strict-readiness=true",
            f"--exit-timeout-secs={int(settings.stop_timeout_s)}",
            f"--grpc-address={HOST}",
            f"--grpc-port={self._ports['gRPC']}",
            f"--allow-http={str(http).lower()}",
            *([f"--http-address={HOST}", f"--http-port={self._ports['HTTP']}"] if http else []),
            f"--metrics-address={HOST}",
            f"--metrics-port={self._ports['metrics']}",
            f"--allow-gpu-metrics={str(settings.gpu).lower()}",
            *([] if settings.gpu else ["--pinned-memory-pool-byte-size=0"]),
        ]

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Follow one supervisor until it ends; start another if it was not meant to end."""
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            self._pid = event.get("pid")
            if event["event"] == "watching":
                self._watched.set()
            if event["event"] == "exited":
                self._exited.set()
                self._count_restart(
                    f"Triton failed ({event['reason']}), starting it again in"
                    f" {event['restart_in_s']:.1f} s; its log: {self._log.path}",
                    event["cause"],
                )
        status = process.wait()
        self._pid = None
        self._exited.set()
        if not self._ready or self._stopping.is_set():
            return
        self._count_restart(
            f"Triton's supervisor died (status {status}), starting another", "supervisor_died"
        )
        self._remove_leftovers()
        self._stopping.wait(_SUPERVISOR_RESTART_S)
        with self._lock:
            if not self._stopping.is_set():
                self._spawn()

    def _count_restart(self, message: str, cause: str) -> None:
        if self._ready and not self._stopping.is_set():
            self._restarts += 1
            self._on_restart(cause)
            _LOG.error(message)

    def _remove_leftovers(self) -> None:
        """Delete what a supervisor that was killed could not; otherwise there is nothing left."""
        if self._work_folder is not None:
            shutil.rmtree(self._work_folder, ignore_errors=True)
        supervisor.remove_shared_memory(self._shared_memory_prefix)

    def _remove_log(self) -> None:
        """Delete a log that nobody asked for and nobody was pointed to."""
        if self._settings.log_path is None and self._ready and self._restarts == 0:
            self._log.path.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        """Raises EmbeddedTritonError as soon as it is certain that Triton will not be ready."""
        deadline = time.monotonic() + self._settings.ready_timeout_s
        loaded = 0

        def tell_loaded() -> None:
            nonlocal loaded
            for name in self._log.newly_loaded():
                loaded += 1
                self._report(f"Triton has loaded {name} ({loaded} so far)")

        with Readiness(self.grpc_url) as readiness:
            while not readiness.is_ready():
                tell_loaded()
                if self._stopping.is_set():
                    raise EmbeddedTritonError("stopped while starting")
                if self._exited.is_set():
                    reason = self._log.last_failure() or "it gave no reason"
                    raise EmbeddedTritonError(f"Triton did not start: {reason} ({self._see_log()})")
                failures = readiness.failed_models()
                if failures:
                    told = "; ".join(f"model '{name}' failed: {why}" for name, why in failures)
                    raise EmbeddedTritonError(f"{told} ({self._see_log()})")
                if time.monotonic() > deadline:
                    raise EmbeddedTritonError(
                        f"Triton was not ready within {self._settings.ready_timeout_s:.0f} s"
                        f" ({self._see_log()})"
                    )
                self._exited.wait(_POLL_S)
            tell_loaded()
            self._check_all_models(readiness)

    def _wait_until_watched(self) -> None:
        """Wait until the supervisor would notice the death of any model's process."""
        if not self._watched.wait(self._settings.ready_timeout_s):
            raise EmbeddedTritonError("Triton's supervisor does not watch it; start it again")

    def _check_all_models(self, readiness: Readiness) -> None:
        """Triton calls itself ready without a model whose configuration it could not even read."""
        folders = self._settings.model_repository.glob("*/config.pbtxt")
        for name in sorted({path.parent.name for path in folders} - readiness.ready_models()):
            reason = self._log.last_failure(about=f"'{name}'") or "it was not loaded"
            raise EmbeddedTritonError(f"model '{name}' failed: {reason} ({self._see_log()})")

    def _see_log(self) -> str:
        return f"log: {self._log.path}"


def _new_log_path() -> Path:
    handle, path = tempfile.mkstemp(prefix="ootd-triton-", suffix=".log")
    os.close(handle)
    return Path(path)


def _usable_port(port: int, purpose: str, probes: contextlib.ExitStack) -> int:
    """A free port for 0; else the port itself, or EmbeddedTritonError where it is taken."""
    probe = probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((HOST, port))
    except OSError as error:
        raise EmbeddedTritonError(
            f"port {port} on {HOST}, wanted for Triton's {purpose}, cannot be used"
            f" ({error.strerror}): choose another, or 0 for any free one"
        ) from None
    return int(probe.getsockname()[1])
