"""Puts an asynchronous context manager around a call, whatever its kind.

Behind `DeferredBodyInterceptor` every handler is a coroutine function that reads and writes the
messages of its call itself, so that one way of wrapping fits all kinds of calls.
"""

from __future__ import annotations

import abc
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import grpc
from grpc import aio

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
CallKind = Literal["unary", "client_stream", "server_stream", "bidi_stream"]
Answer: TypeAlias = Callable[[Any, Context], Awaitable[Any]]

KINDS: dict[tuple[bool, bool], CallKind] = {
    (False, False): "unary",
    (True, False): "client_stream",
    (False, True): "server_stream",
    (True, True): "bidi_stream",
}
"""Names of the kinds, by whether requests and whether answers are streams."""

_INFRASTRUCTURE = ("/grpc.health.", "/grpc.reflection.")
_BUILDERS: dict[tuple[bool, bool], Callable[..., Handler]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


@dataclass(frozen=True, slots=True)
class Call:
    """Which method was called, and how it streams."""

    service: str
    method: str
    kind: CallKind

    @property
    def streams(self) -> bool:
        """Whether the call lasts over many messages."""
        return self.kind != "unary"


class AroundCallInterceptor(aio.ServerInterceptor, abc.ABC):
    """Base of the interceptors. Health and reflection pass untouched."""

    @abc.abstractmethod
    def around(self, call: Call, context: Context) -> AbstractAsyncContextManager[None]:
        """Return what is entered before the call's handler and left after it."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wrap the handler of one call."""
        handler = await continuation(handler_call_details)
        if handler is None or is_infrastructure(handler_call_details.method):
            return handler
        call = call_of(handler_call_details.method, handler)
        behavior = behavior_of(handler)

        async def answer(requests: Any, context: Context) -> Any:
            async with self.around(call, context):
                return await behavior(requests, context)

        return rebuilt(handler, answer)


def is_infrastructure(path: str) -> bool:
    """Tell whether a method is one of health or reflection."""
    return path.startswith(_INFRASTRUCTURE)


def call_of(path: str, handler: Handler) -> Call:
    """Return the call of a method's path, such as "/ootd.v1.VisionService/AnalyzeImage"."""
    service, _, method = path.lstrip("/").rpartition("/")
    return Call(service, method, KINDS[handler.request_streaming, handler.response_streaming])


def behavior_of(handler: Handler) -> Any:
    """Return the function that answers."""
    return (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )


def rebuilt(
    handler: Handler,
    answer: Answer,
    *,
    request_deserializer: Callable[[bytes], Any] | None = None,
    request_streaming: bool | None = None,
    response_streaming: bool | None = None,
) -> Handler:
    """Return the handler with another function that answers; what is not given stays as it was."""
    if request_streaming is None:
        request_streaming = handler.request_streaming
    if response_streaming is None:
        response_streaming = handler.response_streaming
    return _BUILDERS[request_streaming, response_streaming](
        answer,
        request_deserializer or handler.request_deserializer,
        handler.response_serializer,
    )
