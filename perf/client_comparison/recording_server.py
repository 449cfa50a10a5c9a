"""A gRPC server of any service: notes every call, and answers, fails or hangs as it is told.

Needs grpcio alone, so that it runs in the environment of each client. Messages are bytes; an empty
message is a right answer of every method.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

Behaviour = Callable[[grpc.ServicerContext, int], bytes]
"""Gets the call and its number from 0; returns the answer, or aborts."""

HANG_SECONDS = 40.0


class RecordingServer:
    """Listens on loopback; `calls` holds method, metadata and time of each call."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        streams: frozenset[str] = frozenset(),
        host: str = "127.0.0.1",
        port: int = 0,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self._behaviour = behaviour or (lambda _context, _number: b"")
        self._streams = streams
        self._lock = threading.Lock()
        self.calls: list[tuple[str, dict[str, str | bytes], float]] = []
        self.cancelled = threading.Event()
        self._server = grpc.server(
            ThreadPoolExecutor(32), handlers=[_Handler(self)], options=[("grpc.so_reuseport", 0)]
        )
        address = f"{host}:{port}"
        self.port = (
            self._server.add_secure_port(address, credentials)
            if credentials
            else self._server.add_insecure_port(address)
        )
        self._server.start()

    @property
    def target(self) -> str:
        """`host:port` by number."""
        return f"127.0.0.1:{self.port}"

    def methods(self) -> list[str]:
        """Return the names of the methods that were called, without the health service's."""
        return [name for name, _, _ in self.calls if "Health" not in name]

    def metadata(self, name: str) -> list[str | bytes]:
        """Return the values that calls carried under this name."""
        return [metadata[name] for _, metadata, _ in self.calls if name in metadata]

    def stop(self) -> None:
        """Stop at once."""
        self._server.stop(None).wait(5)

    def answer(self, method: str, context: grpc.ServicerContext) -> bytes:
        """Note the call, and behave."""
        with self._lock:
            number = len(self.calls)
            self.calls.append((method, dict(context.invocation_metadata()), time.monotonic()))

        return self._behaviour(context, number)

    def handler(self, method: str) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """Return what answers this method."""
        if method.rsplit("/", 1)[-1] in self._streams:

            def stream(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
                next(requests, None)
                yield self.answer(method, context)

            return grpc.stream_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(
            lambda _request, context: self.answer(method, context)
        )

    def note_cancel(self, context: grpc.ServicerContext) -> None:
        """Set `cancelled` when this call ends before it is answered."""
        context.add_callback(self.cancelled.set)


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, server: RecordingServer) -> None:
        self._server = server

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        return self._server.handler(handler_call_details.method)


@contextmanager
def serving(server: RecordingServer) -> Iterator[RecordingServer]:
    """Stop the server at the end."""
    try:
        yield server
    finally:
        server.stop()


def hang(context: grpc.ServicerContext, _number: int) -> bytes:
    """Answer only long after every deadline."""
    end = time.monotonic() + HANG_SECONDS
    while context.is_active() and time.monotonic() < end:
        time.sleep(0.02)
    return b""


def failing(
    code: grpc.StatusCode, message: str, *, first: int | None = None, details: bytes = b""
) -> Behaviour:
    """Return a behaviour that fails all calls, or the `first` ones, with this status."""

    def behave(context: grpc.ServicerContext, number: int) -> bytes:
        if first is None or number < first:
            if details:
                context.set_trailing_metadata((("grpc-status-details-bin", details),))
            context.abort(code, message)
        return b""

    return behave


def free_port() -> int:
    """Return a port that is free on both loopback addresses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def status_details(
    code: int, message: str, reason: str, fields: dict[str, str], pause_s: int = 0
) -> bytes:
    """Return a google.rpc.Status with ErrorInfo, BadRequest and RetryInfo, as bytes of protobuf."""
    info = (
        _text(1, reason) + _text(2, "ootd") + _bytes(3, _text(1, "request_id") + _text(2, "id-7"))
    )
    violations = b"".join(
        _bytes(1, _text(1, key) + _text(2, value)) for key, value in fields.items()
    )
    parts = [("ErrorInfo", info), ("BadRequest", violations)]
    if pause_s:
        parts.append(("RetryInfo", _bytes(1, bytes([0x08, pause_s]))))
    anys = b"".join(
        _bytes(3, _text(1, f"type.googleapis.com/google.rpc.{name}") + _bytes(2, value))
        for name, value in parts
    )
    return bytes([0x08, code]) + _text(2, message) + anys


def _bytes(number: int, value: bytes) -> bytes:
    length = len(value)
    size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
    return bytes([number << 3 | 2]) + size + value


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())
