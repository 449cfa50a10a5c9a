"""Where the vision graph runs: in a Triton of the gateway's own, or in one elsewhere."""

import asyncio
import socket
from pathlib import Path

import structlog

from ootd_gateway.errors import StartError
from ootd_gateway.telemetry.metrics.vision import VisionMetrics
from ootd_gateway.vision.settings import VisionSettings
from ootd_gateway.vision.triton_requests import ENSEMBLES

log = structlog.get_logger(__name__)

_HOST = "127.0.0.1"


class TritonSource:
    """Knows Triton's address from the beginning; starts and stops it where it is embedded.

    An embedded one writes its log into `folder`.
    """

    def __init__(self, settings: VisionSettings, folder: Path, metrics: VisionMetrics) -> None:
        self._settings = settings
        self._folder = folder
        self._metrics = metrics
        self.is_embedded = settings.triton_mode == "embedded"
        self._stack: _EmbeddedStack | None = None
        # The port is chosen here, so that everything else can be wired while Triton still loads.
        self._port = (settings.triton_grpc_port or _free_port()) if self.is_embedded else 0

    @property
    def address(self) -> str:
        """gRPC target of Triton."""
        return f"{_HOST}:{self._port}" if self.is_embedded else self._settings.triton_address

    @property
    def addresses(self) -> dict[str, str]:
        """What ready file and log tell: "triton_address", and "triton_metrics_address" (host:port,
        "" where it is elsewhere or not started)."""
        metrics_address = self._stack.metrics_address if self._stack is not None else ""
        return {"triton_address": self.address, "triton_metrics_address": metrics_address}

    async def start(self) -> None:
        """Return once every model of an embedded Triton is ready; at once for one elsewhere.

        Raises StartError with the model's own error.
        """
        if not self.is_embedded:
            return
        _check_repository(self._settings)
        stack = _EmbeddedStack(self._settings, self._folder, self._port, self._metrics)
        self._stack = stack
        await stack.start()

    async def stop(self) -> None:
        """Stop an embedded Triton."""
        if self._stack is not None:
            await self._stack.stop()


class _EmbeddedStack:
    """The embedded Triton; its packages are imported here alone, they are an extra."""

    def __init__(
        self, settings: VisionSettings, folder: Path, port: int, metrics: VisionMetrics
    ) -> None:
        try:
            from ootd_gateway import embedded  # noqa: PLC0415
        except ImportError as error:
            raise StartError(
                f"the embedded Triton is not installed ({error}); install ootd-gateway[embedded], "
                "or set OOTD_TRITON_MODE=external and OOTD_TRITON_ADDRESS"
            ) from None
        self._error = embedded.EmbeddedTritonError
        self._triton = embedded.EmbeddedTriton(
            embedded.EmbeddedTritonSettings(
                model_repository=settings.model_repository,
                grpc_port=port,
                metrics_port=settings.triton_metrics_port,
                log_path=folder / "triton.log",
                ready_timeout_s=settings.triton_start_seconds,
                gpu=settings.triton_gpu,
            ),
            report=log.info,
            on_restart=lambda cause: metrics.triton_restarts.labels(cause).inc(),
        )

    @property
    def metrics_address(self) -> str:
        return self._triton.metrics_address

    async def start(self) -> None:
        try:
            await self._triton.__aenter__()
        except self._error as error:
            raise StartError(str(error)) from None

    async def stop(self) -> None:
        await asyncio.to_thread(self._triton.stop)


def _check_repository(settings: VisionSettings) -> None:
    """Raise StartError where there is no model repository, or it lacks the chosen ensemble."""
    ensemble = ENSEMBLES[settings.attribute_model]
    repository = settings.model_repository
    if not repository.is_dir():
        raise StartError(
            f"there is no model repository {repository.absolute()}; no package holds one: set "
            "OOTD_MODEL_REPOSITORY to the folder model_repository of the project's sources"
        )
    if not (repository / ensemble).is_dir():
        raise StartError(
            f"attribute_model is {settings.attribute_model}, but {repository} has no model "
            f'"{ensemble}"; set another attribute_model, or add that model'
        )


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
