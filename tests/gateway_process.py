"""A gateway in a process of its own, as users run it, and stubs that talk to it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from ootd.v1.search_service_pb2_grpc import SearchServiceStub
from ootd.v1.server_service_pb2_grpc import ServerServiceStub
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub

REPOSITORY = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "ootd_gateway")
START_SECONDS = 120.0
STOP_SECONDS = 40.0


class GatewayProcess:
    """`ootd-gateway` on free ports of loopback, with its data in `folder`.

    `settings` are the names of settings; each goes into the environment. It listens once `start`
    returned.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self._ready_file = folder / "ready.json"
        self.log_path = folder / "gateway.log"
        chosen = {
            "listen_address": "127.0.0.1:0",
            "metrics_address": "127.0.0.1:0",
            "data_folder": folder / "data",
            "model_repository": REPOSITORY / "model_repository",
            **settings,
        }
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("OOTD_")},
            **{f"OOTD_{name.upper()}": str(value) for name, value in chosen.items()},
        }
        self.options: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: grpc.Channel | None = None
        self.addresses: dict[str, Any] = {}

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "not started"
        return self._process

    @property
    def address(self) -> str:
        return str(self.addresses["address"])

    @property
    def channel(self) -> grpc.Channel:
        assert self._channel is not None, "not started"
        return self._channel

    @property
    def vision(self) -> Any:
        return VisionServiceStub(self.channel)

    @property
    def catalog(self) -> Any:
        return CatalogServiceStub(self.channel)

    @property
    def search(self) -> Any:
        return SearchServiceStub(self.channel)

    @property
    def server(self) -> Any:
        return ServerServiceStub(self.channel)

    def start(self) -> "GatewayProcess":
        """Start, and return once everything is ready; fails with the log's end where it is not."""
        self.launch()
        deadline = time.monotonic() + START_SECONDS
        while not self._ready_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the gateway did not start:\n{self.log()[-3000:]}")
            time.sleep(0.02)
        self.addresses = json.loads(self._ready_file.read_text())
        self._channel = grpc.insecure_channel(
            self.address,
            options=[
                ("grpc.max_send_message_length", 64 << 20),
                ("grpc.max_receive_message_length", 64 << 20),
                ("grpc.use_local_subchannel_pool", 1),
                ("grpc.max_reconnect_backoff_ms", 200),
                ("grpc.initial_reconnect_backoff_ms", 50),
            ],
        )
        return self

    def launch(self) -> None:
        """Start the process, without waiting for anything."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ready_file.unlink(missing_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "--ready-file", str(self._ready_file), *self.options],
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it with SIGKILL, as a machine that loses power would."""
        self.process.kill()
        self.process.wait()
        self._close_channel()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end and wait; returns its exit status. Safe to call twice."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise AssertionError(f"it did not stop:\n{self.log()[-3000:]}") from None
        self._close_channel()
        return self._process.returncode

    def health(self, service: str = "") -> str:
        """What the standard health service says, such as "SERVING"."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    def metric(self, sample: str) -> float:
        """The value of one line of its metrics, such as 'ootd_triton_up'; 0 where there is none."""
        with urlopen(f"http://{self.addresses['metrics_address']}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(sample)), 0.0)

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page of its HTTP port."""
        try:
            with urlopen(f"http://{self.addresses['metrics_address']}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def log(self) -> str:
        """What it has written so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_events(self) -> list[dict[str, Any]]:
        """Its log's lines."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def _close_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def __enter__(self) -> "GatewayProcess":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
