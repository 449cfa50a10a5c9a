"""What is read from Triton's own log."""

from pathlib import Path

from ootd_gateway.embedded.server_log import ServerLog

LOADED = "I1121 01:18:38.93 8400 model_lifecycle.cc:836] \"successfully loaded 'select'\"\n"
POLL = "E1121 01:32:20.74 18586 manager.cc:1460] \"Poll failed for model directory 'crop': why\"\n"
LAST = 'E1121 01:32:21.26 18586 tritonserver.cc:2607] "Internal: failed to load all models"\n'


def test_each_model_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "triton.log"
    path.write_text(LOADED.replace("select", "of an earlier run"))
    log = ServerLog(path)
    assert log.newly_loaded() == []
    with path.open("a") as file:
        file.write(LOADED + LOADED[:40])
        file.flush()
        assert log.newly_loaded() == ["select"]
        file.write(LOADED[40:])
        file.flush()
        assert log.newly_loaded() == ["select"], "a line that was cut is read when it is complete"


def test_the_last_failure_of_this_run(tmp_path: Path) -> None:
    path = tmp_path / "triton.log"
    path.write_text(POLL)
    log = ServerLog(path)
    assert log.last_failure() is None
    with path.open("a") as file:
        file.write(POLL + LOADED + LAST)
    assert log.last_failure() == "Internal: failed to load all models"
    assert log.last_failure(about="'crop'") == "Poll failed for model directory 'crop': why"
    assert log.last_failure(about="'tagger'") is None


def test_the_log_is_created(tmp_path: Path) -> None:
    log = ServerLog(tmp_path / "triton.log")
    assert log.newly_loaded() == []
    assert log.last_failure() is None
