"""Puts an asynchronous context manager around a call, whatever its kind."""

from __future__ import annotations

import abc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import grpc
from grpc import aio

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
CallKind = Literal["unary", "client_stream", "server_stream", "bidi_stream"]

_KINDS: dict[tuple[bool, bool], CallKind] = {
    (False, False): "unary",
    (True, False): "client_stream",
    (False, True): "server_stream",
    (True, True): "bidi_stream",
}
_INFRASTRUCTURE = ("/grpc.health.", "/grpc.reflection.")


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
        path = handler_call_details.method
        if handler is None or is_infrastructure(path):
            return handler
        service, _, method = path.lstrip("/").rpartition("/")
        call = Call(service, method, _KINDS[handler.request_streaming, handler.response_streaming])

        async def answer_once(behavior: Any, request: Any, context: Context) -> Any:
            async with self.around(call, context):
                return await behavior(request, context)

        async def answer_many(behavior: Any, request: Any, context: Context) -> AsyncIterator[Any]:
            async with self.around(call, context):
                async for response in behavior(request, context):
                    yield response

        return rebuilt(handler, answer_once, answer_many)


def is_infrastructure(path: str) -> bool:
    """Tell whether a method is health's or reflection's."""
    return path.startswith(_INFRASTRUCTURE)


def rebuilt(
    handler: Handler,
    answer_once: Callable[[Any, Any, Context], Awaitable[Any]],
    answer_many: Callable[[Any, Any, Context], AsyncIterator[Any]],
    *,
    request_deserializer: Callable[[bytes], Any] | None = None,
) -> Handler:
    """Return a handler of the same kind that answers through one of two functions.

    They get the behaviour of `handler`, the request (or the iterator of requests) and the context;
    `answer_once` is for one response, `answer_many` for a stream of them.
    """
    behavior: Any = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )

    async def once(request: Any, context: Context) -> Any:
        return await answer_once(behavior, request, context)

    async def many(request: Any, context: Context) -> AsyncIterator[Any]:
        async for response in answer_many(behavior, request, context):
            yield response

    builders: dict[tuple[bool, bool], Callable[..., Handler]] = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    return builders[handler.request_streaming, handler.response_streaming](
        many if handler.response_streaming else once,
        request_deserializer or handler.request_deserializer,
        handler.response_serializer,
    )
