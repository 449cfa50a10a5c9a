"""The gateway in a process of its own, as users run it, with raw stubs and metrics for tests."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import grpc
from grpc_health.v1 import health_pb2

from ootd import testing
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from ootd.v1.search_service_pb2_grpc import SearchServiceStub
from ootd.v1.server_service_pb2_grpc import ServerServiceStub
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub
from standard_stubs import health_stub

REPOSITORY = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "ootd_gateway")
START_SECONDS = 120.0


class GatewayProcess(testing.GatewayProcess):
    """The public one, on the models of this checkout; `options` are further ones of its command."""

    def __init__(self, folder: Path, *, options: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(
            folder,
            command=(*COMMAND, *options),
            start_timeout_s=START_SECONDS,
            **{"model_repository": REPOSITORY / "model_repository", **settings},
        )
        self._channel: grpc.Channel | None = None

    @property
    def channel(self) -> grpc.Channel:
        assert self._channel is not None, "not started"
        return self._channel

    @property
    def vision(self) -> VisionServiceStub:
        return VisionServiceStub(self.channel)

    @property
    def catalog(self) -> CatalogServiceStub:
        return CatalogServiceStub(self.channel)

    @property
    def search(self) -> SearchServiceStub:
        return SearchServiceStub(self.channel)

    @property
    def server(self) -> ServerServiceStub:
        return ServerServiceStub(self.channel)

    def wait_until_ready(self, *arguments: Any) -> None:
        super().wait_until_ready(*arguments)
        self._channel = grpc.insecure_channel(
            self.target,
            options=[
                ("grpc.max_send_message_length", 64 << 20),
                ("grpc.max_receive_message_length", 64 << 20),
                ("grpc.use_local_subchannel_pool", 1),
                ("grpc.max_reconnect_backoff_ms", 200),
                ("grpc.initial_reconnect_backoff_ms", 50),
            ],
        )

    def kill(self) -> None:
        super().kill()
        self._close_channel()

    def stop(self, signal_number: signal.Signals = signal.SIGTERM, **options: Any) -> int:
        """As the public one; fails where the gateway does not stop by itself."""
        runs = self._process is not None and self._process.poll() is None
        status = super().stop(signal_number, **options)
        self._close_channel()
        assert not (runs and status == -signal.SIGKILL), f"it did not stop:\n{self.log()[-3000:]}"
        return status

    def health(self, service: str = "") -> str:
        """What the standard health service says, such as "SERVING"."""
        stub = health_stub(self.channel)
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

    def _close_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
