"""Keeps one ``tritonserver`` alive, and leaves nothing behind when its owner dies.

Runs as a process of its own, as a plain script: ``python supervisor.py SPEC``, with SPEC a JSON
file of the fields of ``Spec``. Its standard input is a pipe that the owner holds open: the kernel
closes it even after ``kill -9``, and then everything started here ends; anything written into it
before means that no grace is needed. Standard output carries one JSON object a line:
``{"event": "started", "pid"}``, ``{"event": "watching", "pid"}`` once it listens,
``{"event": "exited", "reason", "cause", "restart_in_s"}``; the cause is one of a few short words.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_HEALTHY_AFTER_S = 20.0  # a server that served for so long is no server that cannot live
_POLL_S = 0.2
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory lies on Linux
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Spec:
    """What to run: command and environment of tritonserver, the port on which it listens once its
    models are loaded, its log, the prefix of its shared memory regions, the folder to delete at the
    end, and seconds granted for a graceful stop."""

    command: list[str]
    environment: dict[str, str]
    port: int
    log_path: str
    shared_memory_prefix: str
    work_folder: str
    stop_timeout_s: float


@dataclass(frozen=True)
class Failure:
    """How one life of the server ended: for people, and in a word for metrics; and for how many
    seconds it had served, 0 where it never listened."""

    reason: str
    cause: str
    served_s: float


class RestartPause:
    """How long to wait before the next start: longer and longer for a server that cannot live, the
    shortest time again after one that served for a while."""

    def __init__(self) -> None:
        self._next_s = _FIRST_DELAY_S

    def after(self, failure: Failure) -> float:
        """The pause in seconds after a failure."""
        if failure.served_s > _HEALTHY_AFTER_S:
            self._next_s = _FIRST_DELAY_S
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, _LONGEST_DELAY_S)
        return pause_s


class Supervisor:
    """Owns the one child; everything happens in the main thread."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._owner = os.getppid()
        self._stopping = False
        self._graceful = True
        self._stub_count = 0  # of the first life of the server
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start, restart and finally stop the server; returns when the owner wants or is gone."""
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphaned stubs become ours
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the owner decides
        pause = RestartPause()
        try:
            while not self._stopping:
                failure = self._serve_once()
                if failure is None:
                    break
                pause_s = pause.after(failure)
                _tell(
                    {
                        "event": "exited",
                        "reason": failure.reason,
                        "cause": failure.cause,
                        "restart_in_s": pause_s,
                    }
                )
                self._wait(pause_s)
        finally:
            self._end_child()
            shutil.rmtree(self._spec.work_folder, ignore_errors=True)

    def _on_terminate(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _serve_once(self) -> Failure | None:
        """Run the server until it fails; None if it is to be stopped."""
        with Path(self._spec.log_path).open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - the owner's command
                self._spec.command,
                env=self._spec.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, to be killed as one
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - this process has one thread
            )
        _tell({"event": "started", "pid": self._child.pid})
        stubs: set[int] | None = None
        listening_since = float("inf")
        while not self._stopping:
            status = self._child.poll()
            if status is not None:
                self._end_child()
                return Failure(f"status {status}", _cause(status), _age(listening_since))
            if stubs is None and _listens(self._spec.port):
                stubs = _stubs(self._child.pid)
                listening_since = time.monotonic()
                self._stub_count = self._stub_count or len(stubs)
                _tell({"event": "watching", "pid": self._child.pid})
            if stubs is not None and not self._are_well(stubs):
                self._end_child(graceful=False)
                reason = "the process of a model died"
                return Failure(reason, "model_process_died", _age(listening_since))
            self._wait(_POLL_S)
        return None

    def _are_well(self, stubs: set[int]) -> bool:
        """Triton neither replaces a stub that died nor tells; a model may also fail to load again,
        while the owner alone judges the first start."""
        return len(stubs) >= self._stub_count and all(map(_is_running, stubs))

    def _wait(self, seconds: float) -> None:
        """Sleep, but notice at once when the owner closes the pipe or dies."""
        deadline = time.monotonic() + seconds
        while not self._stopping and (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([sys.stdin], [], [], min(left, _POLL_S))
            if readable:
                self._graceful = not os.read(sys.stdin.fileno(), 4096)
            if readable or os.getppid() != self._owner:
                self._stopping = True

    def _end_child(self, *, graceful: bool = True) -> None:
        """Stop server and stubs, gracefully at first; reap them; free their shared memory."""
        if self._child is None:
            return
        group = self._child.pid
        if graceful and self._graceful:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self._child.poll() is None:
                    self._child.terminate()
                self._child.wait(self._spec.stop_timeout_s)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self._child.wait()
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)  # orphaned stubs, killed above
        remove_shared_memory(self._spec.shared_memory_prefix)
        self._child = None


def remove_shared_memory(prefix: str) -> None:
    """Delete the shared memory regions whose names begin so."""
    for region in _SHARED_MEMORY.glob(f"{prefix}*"):
        region.unlink(missing_ok=True)


def _stubs(pid: int) -> set[int]:
    """The processes of a server's models; none where the kernel does not tell.

    Triton also starts short-lived shells to try the stub: those have no model's path behind it.
    """
    found: set[int] = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the thread ended meanwhile
            found.update(child for child in map(int, path.read_text().split()) if _is_stub(child))
    return found


def _is_stub(pid: int) -> bool:
    """Whether a process runs a model; False where it ended meanwhile."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return arguments[0].endswith(b"triton_python_backend_stub") and any(arguments[1:])


def _listens(port: int) -> bool:
    """Whether Triton accepts connections, which it does once all its models are loaded."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(_POLL_S)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _cause(status: int) -> str:
    """The signal that ended a process, such as "sigsegv", or that it ended by itself."""
    try:
        return signal.Signals(-status).name.lower()
    except ValueError:
        return "exit"


def _age(moment: float) -> float:
    return max(0.0, time.monotonic() - moment)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _tell(event: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # nobody listens: the owner is gone
        os.write(sys.stdout.fileno(), json.dumps(event).encode() + b"\n")


def main() -> None:
    """Supervise what the JSON file given as the one argument says."""
    Supervisor(Spec(**json.loads(Path(sys.argv[1]).read_text()))).run()


if __name__ == "__main__":
    main()
