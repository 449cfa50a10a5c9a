"""The command `ootd-gateway`: what it prints, why it refuses to start, how it ends."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from gateway_process import REPOSITORY, GatewayProcess
from ootd.v1.catalog_service_pb2 import ListItemsRequest
from ootd_gateway.__main__ import main
from statuses import failing

# Nothing listens there: these tests are about the gateway alone.
NO_TRITON = {"triton_mode": "external", "triton_address": "127.0.0.1:1"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings from around, and the test run's own logging back at the end."""
    for name in [key for key in os.environ if key.startswith("OOTD_")]:
        monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


Refusal = Callable[..., str]


@pytest.fixture
def refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Refusal:
    """Runs the command, which must not start; returns its one line of explanation."""

    def run(**settings: object) -> str:
        chosen = {
            "listen_address": "127.0.0.1:0",
            "metrics_address": "",
            "data_folder": tmp_path,
            **NO_TRITON,
            **settings,
        }
        for name, value in chosen.items():
            monkeypatch.setenv(f"OOTD_{name.upper()}", str(value))
        assert main([]) == 1
        written = capfd.readouterr().err.splitlines()
        events = [str(json.loads(line)["event"]) for line in written]
        lines = [one for one in events if one.startswith("cannot start: ")]
        assert len(lines) == 1, written
        return lines[0]

    return run


def test_help_lists_every_setting() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ootd_gateway", "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for text in ("OOTD_LISTEN_ADDRESS", "OOTD_DRAIN_SECONDS, seconds", "--print-settings"):
        assert text in ended.stdout


def test_settings_are_printed_with_their_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("color_weight = 0.5\n")
    monkeypatch.setenv("OOTD_DRAIN_SECONDS", "3")
    assert main(["--config", str(file), "--print-settings"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["color_weight"].endswith(f"file {file}")
    assert lines["drain_seconds"].endswith("environment OOTD_DRAIN_SECONDS")
    assert lines["log_level"].endswith("default")


def test_a_bad_setting_is_one_sentence(refusal: Refusal) -> None:
    assert "color_weight" in refusal(color_weight=3)


def test_another_database_than_sqlite_is_one_sentence(refusal: Refusal) -> None:
    line = refusal(database_url="postgresql://shop:secret@db/catalogue")
    assert "must be an SQLite URL" in line
    assert "secret" not in line


def test_what_kubernetes_injects_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    injected = {
        "triton_metrics_port": "tcp://10.0.0.7:8002",
        "triton_metrics_service_host": "10.0.0.7",
        "port": "tcp://10.0.0.8:8500",
    }
    with GatewayProcess(tmp_path, **injected, **NO_TRITON) as gateway:
        levels = {one["level"] for one in gateway.log_events() if "no setting" in one["event"]}
        assert not levels


def test_an_option_is_a_setting_and_the_start_says_version_and_folder(tmp_path: Path) -> None:
    options = ("--data-folder", str(tmp_path / "used"))
    unused = tmp_path / "unused"
    with GatewayProcess(tmp_path, options=options, **NO_TRITON, data_folder=unused) as gateway:
        first = gateway.log_events()[0]
        assert first["event"] == "starting"
        assert first["version"]
        assert first["data_folder"] == str(tmp_path / "used")
    assert (tmp_path / "used" / "ootd.sqlite").exists()
    assert not (tmp_path / "unused").exists()


def test_a_taken_port_is_one_sentence_with_the_remedy(refusal: Refusal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = refusal(listen_address=address)
        assert address in line
        assert "already in use" in line
        assert "OOTD_LISTEN_ADDRESS" in line
        line = refusal(metrics_address=address)
        assert address in line
        assert "OOTD_METRICS_ADDRESS" in line


def test_two_gateways_do_not_share_a_port(refusal: Refusal, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "first", **NO_TRITON) as first:
        line = refusal(listen_address=first.target)
        assert "already in use" in line


def test_an_address_of_another_machine_is_one_sentence(refusal: Refusal) -> None:
    assert "192.0.2.1:8500" in refusal(listen_address="192.0.2.1:8500")


def test_a_folder_that_cannot_be_made_is_one_sentence(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "OOTD_DATA_FOLDER" in refusal(data_folder=tmp_path / "file" / "data")


def test_a_database_that_is_none_is_one_sentence(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "ootd.sqlite").write_bytes(b"this is no database, but it is long enough" * 100)
    assert "database" in refusal()


def test_a_missing_model_repository_is_one_sentence(refusal: Refusal, tmp_path: Path) -> None:
    line = refusal(triton_mode="embedded", model_repository=tmp_path / "models")
    assert str(tmp_path / "models") in line
    assert "OOTD_MODEL_REPOSITORY" in line


@pytest.mark.parametrize("text", [None, "# none yet\n\n"])
def test_an_unusable_token_file_is_one_sentence(
    refusal: Refusal, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "tokens"
    if text is not None:
        file.write_text(text)
    assert "token_file" in refusal(token_file=file)


def test_without_triton_the_catalogue_is_served_and_vision_says_so(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, **NO_TRITON) as gateway:
        assert gateway.health("ootd.v1.CatalogService") == "SERVING"
        assert gateway.health("ootd.v1.VisionService") == "NOT_SERVING"
        assert gateway.health() == "NOT_SERVING"
        assert gateway.catalog.ListItems(ListItemsRequest(), timeout=5).total_size == 0


def test_tokens_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("# the shop's\nsh0p-token\n")
    with GatewayProcess(tmp_path, token_file=tmp_path / "tokens", **NO_TRITON) as gateway:
        assert gateway.health("ootd.v1.ServerService") == "SERVING"
        found = failing(lambda: gateway.catalog.ListItems(ListItemsRequest(), timeout=5))
        assert found.code is grpc.StatusCode.UNAUTHENTICATED
        metadata = (("authorization", "Bearer sh0p-token"),)
        gateway.catalog.ListItems(ListItemsRequest(), timeout=5, metadata=metadata)
        assert "sh0p-token" not in gateway.log()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    gateway = GatewayProcess(tmp_path, **NO_TRITON).start()
    assert gateway.stop(number) == 0
    assert gateway.log_events()[-1]["event"] == "stopped"


def test_an_embedded_triton_comes_and_goes_with_the_gateway(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, triton_mode="embedded") as gateway:
        assert gateway.health("ootd.v1.VisionService") == "SERVING"
        host, _, port = gateway.addresses["triton_address"].rpartition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
        assert gateway.stop(signal.SIGINT) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)
