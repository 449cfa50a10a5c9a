"""One gRPC connection to one Triton server."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from grpc import ChannelConnectivity, StatusCode, aio
from tritonclient.grpc import service_pb2, service_pb2_grpc

from ootd_gateway.vision.lanes import Slot
from ootd_gateway.vision.triton_addresses import Address
from ootd_gateway.vision.triton_errors import unavailable
from ootd_gateway.vision.triton_security import Security, SecurityFiles

log = structlog.get_logger(__name__)

PROBE_SECONDS = 2.5
"""How long Triton may take to say whether a model is ready. A busy one answers late."""

CONFIG_SECONDS = 5.0
"""How long Triton may take to tell its version or a model's configuration."""


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How to connect. `keepalive_s` 0: no keepalive pings; `max_message_bytes` both ways."""

    security: SecurityFiles = field(default_factory=SecurityFiles)
    keepalive_s: float = 0.0
    max_message_bytes: int = 64 * 1024 * 1024


class Inference:
    """A photo in Triton. It holds its slot until Triton has answered, whoever still waits."""

    def __init__(
        self, call: Any, address: str, slot: Slot | None, on_end: Callable[["Inference"], None]
    ) -> None:
        self._call = call
        self._address = address
        self._slot = slot
        self._on_end = on_end
        self._given_up: Exception | None = None
        self._settled = asyncio.Event()
        self.started_at = time.monotonic()
        """When it was sent, in seconds of `time.monotonic`."""
        self.answer: Any = None
        """Triton's response once there is one."""
        self.error: aio.AioRpcError | None = None
        """Triton's error instead of it."""
        self._task = asyncio.create_task(self._run())

    @property
    def age_s(self) -> float:
        """Seconds since it was sent."""
        return time.monotonic() - self.started_at

    @property
    def was_given_up(self) -> bool:
        """Whether nobody waits for its answer any more, though it may still be in Triton."""
        return self._given_up is not None

    @property
    def has_ended(self) -> bool:
        """Whether it has left Triton."""
        return self._task.done()

    async def response(self) -> Any:
        """Wait for Triton's response; cancelling the wait does not touch the request.

        Raises aio.AioRpcError, and what `give_up` was given.
        """
        await self._settled.wait()
        if self._given_up is not None:
            raise self._given_up
        if self.error is not None:
            raise self.error
        return self.answer

    def give_up(self, error: Exception) -> None:
        """Free the slot and whoever waits; the request itself is left alone."""
        if not self._settled.is_set():
            self._given_up = error
            self._settle()

    def cancel(self) -> None:
        """Cancel the request in Triton. Not every version of Triton survives that."""
        self._call.cancel()

    async def ended(self) -> None:
        """Wait until the request has left Triton."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            self.answer = await self._call
        except aio.AioRpcError as error:
            self.error = error
        except asyncio.CancelledError:
            self.give_up(unavailable(self._address, "the request was cancelled"))
        finally:
            self._settle()
            self._on_end(self)

    def _settle(self) -> None:
        self._settled.set()
        if self._slot is not None:
            self._slot.release()


class Connection:
    """One HTTP/2 connection, and the requests that are in it."""

    def __init__(self, address: Address, options: ConnectionOptions, security: Security) -> None:
        self._address = address.target
        self._security = security
        self._channel = _channel(address, options, security)
        self._triton: Any = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._inferences: set[Inference] = set()
        self._is_closing = False

    @property
    def inferences(self) -> list[Inference]:
        """The requests that Triton has not answered yet, without those that were given up."""
        return [one for one in self._inferences if not one.was_given_up]

    @property
    def is_up(self) -> bool:
        """Whether there is a connection at this moment."""
        return self._channel.get_state() is ChannelConnectivity.READY

    def infer(
        self, request: Any, slot: Slot | None, on_end: Callable[[Inference], None]
    ) -> Inference:
        """Send a photo. `on_end` is called once Triton has answered.

        No deadline goes with it: a deadline that passes is a cancelled request to Triton.
        """
        call = self._triton.ModelInfer(request, metadata=self._security.metadata)

        def ended(inference: Inference) -> None:
            self._inferences.discard(inference)
            on_end(inference)

        inference = Inference(call, self._address, slot, ended)
        self._inferences.add(inference)
        return inference

    async def is_model_ready(self, name: str) -> bool:
        """Ask whether a model can be used now. Raises aio.AioRpcError."""
        request = service_pb2.ModelReadyRequest(name=name)
        response = await self._ask(self._triton.ModelReady, request, PROBE_SECONDS)
        return bool(response.ready)

    async def model_config(self, name: str) -> Any:
        """Return the configuration of a model. Raises aio.AioRpcError."""
        request = service_pb2.ModelConfigRequest(name=name)
        response = await self._ask(self._triton.ModelConfig, request, CONFIG_SECONDS)
        return response.config

    async def server_version(self) -> str:
        """Return Triton's version, such as "2.51.0". Raises aio.AioRpcError."""
        request = service_pb2.ServerMetadataRequest()
        metadata = await self._ask(self._triton.ServerMetadata, request, CONFIG_SECONDS)
        return str(metadata.version)

    async def close(self, grace_s: float) -> None:
        """Wait for what is in Triton, but not longer than `grace_s`, and close.

        Closing cancels what is left, which not every version of Triton survives.
        """
        try:
            async with asyncio.timeout(grace_s):
                while self._inferences:
                    await next(iter(self._inferences)).ended()
        except TimeoutError:
            log.warning("requests in Triton are cut off", requests=len(self._inferences))
        finally:
            self._is_closing = True
            await self._channel.close()

    async def _ask(self, method: Any, request: Any, timeout_s: float) -> Any:
        """Call a method. Raises aio.AioRpcError, also where the connection is closed meanwhile:
        gRPC tells that as a cancellation, which would end whoever asks."""
        try:
            return await method(request, timeout=timeout_s, metadata=self._security.metadata)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._is_closing or (task is not None and task.cancelling()):
                raise
            none = aio.Metadata()
            details = "the connection was closed"
            raise aio.AioRpcError(StatusCode.UNAVAILABLE, none, none, details) from None


def _channel(address: Address, options: ConnectionOptions, security: Security) -> aio.Channel:
    chosen: list[tuple[str, Any]] = [
        ("grpc.max_send_message_length", options.max_message_bytes),
        ("grpc.max_receive_message_length", options.max_message_bytes),
        # A Triton that is back is found within about a second; one that is away is refused at once.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        # How long a busy Triton may take to accept a connection.
        ("grpc.min_reconnect_backoff_ms", 3000),
        # A new channel is a new connection, not a former one found again.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if options.keepalive_s > 0:
        chosen += [
            ("grpc.keepalive_time_ms", round(options.keepalive_s * 1000)),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.http2.max_pings_without_data", 0),
        ]
    if address.authority:
        chosen.append(("grpc.default_authority", address.authority))
    if security.credentials is None:
        return aio.insecure_channel(address.target, options=chosen)
    if address.host:
        chosen.append(("grpc.ssl_target_name_override", address.host))
    return aio.secure_channel(address.target, security.credentials, options=chosen)
