"""The embedded Triton under what goes wrong: kills, broken models, taken ports."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from processes import command_line, descendants, is_running, wait_until

from ootd_gateway.embedded import (
    EmbeddedTriton,
    EmbeddedTritonError,
    EmbeddedTritonSettings,
    supervisor,
)
from ootd_gateway.embedded.model_readiness import Readiness

MODELS = Path(__file__).parents[2] / "model_repository"
SHARED_MEMORY = Path("/dev/shm")

pytestmark = pytest.mark.triton


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of one Python model and one ONNX model, quick to start."""
    for name in ("select", "crop"):
        shutil.copytree(MODELS / name, tmp_path / "models" / name)
    return tmp_path / "models"


def settings(repository: Path, **others: Any) -> EmbeddedTritonSettings:
    log_path = repository.parent / "triton.log"
    return EmbeddedTritonSettings(repository, log_path=log_path, ready_timeout_s=60, **others)


def regions(owner: int) -> list[Path]:
    """Shared memory that a Triton of the process ``owner`` uses."""
    return list(SHARED_MEMORY.glob(f"ootd-{owner}-*"))


def work_folders(pids: Iterable[int]) -> set[Path]:
    """The folders whose supervisor files the processes were started with."""
    arguments = [part for pid in pids for part in command_line(pid).split()]
    return {Path(part).parent for part in arguments if part.endswith("/supervisor.json")}


def is_ready(triton: EmbeddedTriton) -> bool:
    with Readiness(triton.grpc_url) as readiness:
        return readiness.is_ready()


def pid_of(triton: EmbeddedTriton) -> int:
    """The process id of a Triton that runs."""
    assert triton.pid is not None
    return triton.pid


def runs_anew(triton: EmbeddedTriton, previous: int | None) -> bool:
    """Whether it runs, as another process than before."""
    return triton.pid not in {None, previous}


@pytest.fixture
def clean() -> Iterator[None]:
    """Fails a test that leaves a process or a shared memory region of its own behind."""
    regions_before, processes_before = set(regions(os.getpid())), descendants(os.getpid())
    yield
    assert set(regions(os.getpid())) <= regions_before
    left = descendants(os.getpid()) - processes_before
    assert not [command_line(pid) for pid in left if is_running(pid)]


def test_stop_leaves_nothing_behind(repository: Path, clean: None) -> None:
    triton = EmbeddedTriton(settings(repository))
    before = descendants(os.getpid())
    with triton:
        started = descendants(os.getpid()) - before
        folders = work_folders(started)
        assert len(started) >= 4, "supervisor, server, two stubs"
        assert len(folders) == 1
        assert regions(os.getpid())
        assert is_ready(triton)
    assert not any(is_running(pid) for pid in started)
    assert not any(folder.exists() for folder in folders)
    assert triton.pid is None
    triton.stop()  # a second time does nothing


def test_a_log_that_nobody_asked_for_stays_where_something_went_wrong(
    repository: Path, clean: None
) -> None:
    with EmbeddedTriton(EmbeddedTritonSettings(repository)) as triton:
        assert triton.log_path.read_text()
    assert not triton.log_path.exists()
    (repository / "crop" / "1" / "model.onnx").unlink()
    with pytest.raises(EmbeddedTritonError) as caught:
        EmbeddedTriton(EmbeddedTritonSettings(repository)).start()
    kept = Path(str(caught.value).rpartition("log: ")[2].rstrip(")"))
    assert kept.read_text()
    kept.unlink()


async def test_it_starts_and_stops_without_blocking_the_loop(repository: Path, clean: None) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.02)

    ticking = asyncio.create_task(tick())
    lines: list[str] = []
    async with EmbeddedTriton(settings(repository), lines.append) as triton:
        assert is_ready(triton)
    ticking.cancel()
    assert ticks > 10
    assert lines[0] == "starting Triton"
    assert "Triton is ready after" in lines[-1]
    assert any("select" in line for line in lines)


async def test_a_start_that_is_given_up_leaves_nothing_behind(
    repository: Path, clean: None
) -> None:
    triton = EmbeddedTriton(settings(repository))
    entering = asyncio.create_task(triton.__aenter__())
    while triton.pid is None:
        await asyncio.sleep(0.01)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert triton.pid is None


def start_foreground(repository: Path) -> subprocess.Popen[str]:
    """Run it as a process of its own and wait until it is ready; its descendants are known then."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ootd_gateway.embedded",
            f"--model-repository={repository}",
            "--grpc-port=0",
            "--http-port=0",
            "--metrics-port=0",
            f"--log={repository.parent / 'triton.log'}",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C stops it" in line:
            return process
    raise AssertionError(f"it ended with {process.wait()}")


def ended(process: subprocess.Popen[str], timeout_s: float | None = None) -> int:
    """Wait for its end; its exit status."""
    status = process.wait(timeout_s)
    assert process.stdout is not None
    process.stdout.close()
    return status


def test_kill_9_of_the_owner_leaves_nothing_behind(repository: Path, clean: None) -> None:
    process = start_foreground(repository)
    started = descendants(process.pid)
    folders = work_folders(started)
    assert len(started) >= 4
    assert len(folders) == 1
    assert regions(process.pid)
    process.kill()
    ended(process)
    assert wait_until(lambda: not any(is_running(pid) for pid in started))
    assert wait_until(lambda: not any(folder.exists() for folder in folders))
    assert not regions(process.pid)


def test_kill_9_of_owner_and_supervisor_together_leaves_no_process_behind(repository: Path) -> None:
    process = start_foreground(repository)
    started = descendants(process.pid)
    (supervisor,) = (pid for pid in started if "supervisor.py" in command_line(pid))
    folders = work_folders(started)
    process.kill()
    os.kill(supervisor, signal.SIGKILL)
    ended(process)
    assert wait_until(lambda: not any(is_running(pid) for pid in started))
    # Nobody is left to tidy up files.
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for region in regions(process.pid):
        region.unlink()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_it_in_order(
    repository: Path, clean: None, number: signal.Signals
) -> None:
    process = start_foreground(repository)
    started = descendants(process.pid)
    process.send_signal(number)
    assert ended(process, 20) == 0
    assert not any(is_running(pid) for pid in started)


def test_a_server_that_dies_is_started_again(
    repository: Path, clean: None, caplog: pytest.LogCaptureFixture
) -> None:
    causes: list[str] = []
    with EmbeddedTriton(settings(repository), on_restart=causes.append) as triton:
        first = pid_of(triton)
        stubs = descendants(first)
        assert stubs
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: runs_anew(triton, first))
        assert wait_until(lambda: is_ready(triton))
        assert not any(is_running(pid) for pid in {first} | stubs)
        assert triton.restarts == 1
        assert "Triton failed (status -9), starting it again in 0.5 s" in caplog.text
    assert causes == ["sigkill"], "the end is no restart"


def test_a_model_process_that_dies_is_noticed(
    repository: Path, clean: None, caplog: pytest.LogCaptureFixture
) -> None:
    causes: list[str] = []
    with EmbeddedTriton(settings(repository), on_restart=causes.append) as triton:
        first = pid_of(triton)
        # Not any descendant: Triton also has short-lived shells.
        os.kill(max(supervisor._stubs(first)), signal.SIGKILL)
        assert wait_until(lambda: runs_anew(triton, first))
        assert wait_until(lambda: is_ready(triton))
        assert triton.restarts == 1
        assert "the process of a model died" in caplog.text
        second = triton.pid
        assert not wait_until(lambda: triton.pid != second, timeout_s=2), "now it is well"
        assert causes == ["model_process_died"]


def test_pauses_between_restarts_grow(
    repository: Path, clean: None, caplog: pytest.LogCaptureFixture
) -> None:
    with EmbeddedTriton(settings(repository)) as triton:
        previous: int | None = None
        for _ in range(3):
            assert wait_until(partial(runs_anew, triton, previous))
            previous = pid_of(triton)
            os.kill(previous, signal.SIGKILL)
        assert wait_until(lambda: triton.restarts == 3)
        for delay in ("0.5 s", "1.0 s", "2.0 s"):
            assert f"starting it again in {delay}" in caplog.text


def test_a_supervisor_that_dies_is_replaced(repository: Path, clean: None) -> None:
    before = descendants(os.getpid())
    causes: list[str] = []
    with EmbeddedTriton(settings(repository), on_restart=causes.append) as triton:
        started = descendants(os.getpid()) - before
        (supervisor,) = (pid for pid in started if "supervisor.py" in command_line(pid))
        os.kill(supervisor, signal.SIGKILL)
        assert wait_until(lambda: triton.pid is not None and triton.pid not in started)
        assert wait_until(lambda: is_ready(triton))
        assert wait_until(lambda: not any(is_running(pid) for pid in started - {supervisor}))
        assert causes == ["supervisor_died"]


def test_a_broken_model_is_reported_in_its_own_words(repository: Path, clean: None) -> None:
    (repository / "crop" / "1" / "model.onnx").write_bytes(b"this is no model")
    before = time.monotonic()
    with (
        pytest.raises(EmbeddedTritonError, match=r"model 'crop' failed: .*[Pp]rotobuf"),
        EmbeddedTriton(settings(repository)),
    ):
        pass
    assert time.monotonic() - before < 30


def test_a_model_file_that_is_missing_is_named(repository: Path, clean: None) -> None:
    (repository / "crop" / "1" / "model.onnx").unlink()
    with (
        pytest.raises(EmbeddedTritonError, match=r"there is no file .*/crop/1/model\.onnx"),
        EmbeddedTriton(settings(repository)),
    ):
        pass


def test_an_output_that_the_model_has_not_is_named(repository: Path, clean: None) -> None:
    config = repository / "crop" / "config.pbtxt"
    config.write_text(config.read_text().replace('"CROPS"', '"PIECES"'))
    with (
        pytest.raises(EmbeddedTritonError, match=r"output 'PIECES', model\.onnx has"),
        EmbeddedTriton(settings(repository)),
    ):
        pass


def test_a_configuration_that_cannot_be_read_is_reported(repository: Path, clean: None) -> None:
    (repository / "crop" / "config.pbtxt").write_text("name: crop {")
    with (
        pytest.raises(EmbeddedTritonError, match=r"model 'crop' failed: .*config\.pbtxt"),
        EmbeddedTriton(settings(repository)),
    ):
        pass


def test_a_model_that_needs_another_which_failed_is_not_blamed(tmp_path: Path, clean: None) -> None:
    repository = tmp_path / "models"
    shutil.copytree(MODELS, repository)
    (repository / "tagger" / "1" / "model.onnx").write_bytes(b"this is no model")
    with (
        pytest.raises(EmbeddedTritonError, match="model 'tagger' failed") as caught,
        EmbeddedTriton(settings(repository)),
    ):
        pass
    assert "'ootd'" not in str(caught.value)


def test_a_folder_that_is_missing_is_named(tmp_path: Path, clean: None) -> None:
    with (
        pytest.raises(EmbeddedTritonError, match=r"no model repository .*/nowhere"),
        EmbeddedTriton(settings(tmp_path / "nowhere")),
    ):
        pass


@pytest.mark.parametrize("port", ["grpc_port", "http_port", "metrics_port"])
def test_a_port_that_is_taken_gives_one_clear_sentence(
    repository: Path, clean: None, port: str
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with (
            pytest.raises(EmbeddedTritonError, match=rf"port {taken} .* choose another") as caught,
            EmbeddedTriton(settings(repository, **{port: taken})),
        ):
            pass
    assert "\n" not in str(caught.value)


def test_an_object_starts_once(repository: Path, clean: None) -> None:
    triton = EmbeddedTriton(settings(repository))
    with triton, pytest.raises(EmbeddedTritonError, match="before"):
        triton.start()


def test_the_gateway_process_loads_no_inference_library() -> None:
    code = (
        "import sys, ootd_gateway.embedded;"
        "bad = {'onnxruntime', 'nvidia.dali', 'pytriton', 'usearch'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert result.returncode == 0, result.stderr
