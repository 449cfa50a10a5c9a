"""How messages come in and go out: late, counted, within bounds of memory and time.

gRPC for Python receives the whole body of a unary call before its handler begins, and sends its
answer after the handler has ended. So each unary method is registered as one of streams, the same
on the wire: its one message is read here once token and admission have let the call in, and its
answer is written here, so that a caller who takes it slowly holds his place, within his deadline.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc import aio

from ootd_gateway.current_caller import current_caller
from ootd_gateway.errors import (
    DeadlineExceededError,
    FieldViolation,
    InvalidRequestError,
    StreamIdleError,
)
from ootd_gateway.rpc.byte_budget import ByteBudget
from ootd_gateway.rpc.call_record import current_record
from ootd_gateway.rpc.interceptors.around import (
    Call,
    Context,
    Handler,
    behavior_of,
    call_of,
    is_infrastructure,
    rebuilt,
)
from ootd_gateway.rpc.message_limits import MAX_REQUEST_BYTES
from ootd_gateway.rpc.request_sizes import largest_request
from ootd_gateway.rpc.streams.idle_clock import IdleClock, IdleError
from ootd_gateway.telemetry.metrics.calls import CallMetrics

_MALFORMED = object()
_TOO_LARGE = object()
_END_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Received:
    """A message, `_MALFORMED` or `_TOO_LARGE`, and how many bytes it had."""

    message: Any
    size: int


class DeferredBodyInterceptor(aio.ServerInterceptor):
    """The outermost: no body is received before a handler asks for it, no answer sent after it."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Let the handler read its messages itself in any case."""
        handler = await continuation(handler_call_details)
        if handler is None or is_infrastructure(handler_call_details.method):
            return handler
        behavior = behavior_of(handler)

        async def answer_many(requests: Any, context: Context) -> AsyncIterator[Any]:
            # Answers are written further in; interceptors of others expect a generator here.
            await behavior(requests, context)
            nothing: tuple[Any, ...] = ()
            for one in nothing:
                yield one

        many: Any = answer_many
        return rebuilt(handler, many, request_streaming=True, response_streaming=True)


class MessageInterceptor(aio.ServerInterceptor):
    """The innermost: receives and sends the messages of a call.

    Bytes that are no message, or more than the method takes, raise InvalidRequestError; a request
    that takes longer than `body_seconds` (0: never) to come in raises DeadlineExceededError. The
    bytes of a request count against the budget until it is answered, those of one with a photo
    while they come in, too. A stream over which nothing comes in while the server has nothing
    to do for it, or whose caller takes none of its answers, ends with StreamIdleError after
    `idle_seconds` (0: never).
    """

    def __init__(
        self,
        budget: ByteBudget,
        metrics: CallMetrics,
        *,
        idle_seconds: float,
        body_seconds: float,
    ) -> None:
        self._budget = budget
        self._body_seconds = body_seconds or None
        self._metrics = metrics
        self._idle_seconds = idle_seconds

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Give the service's own function its messages, and send what it returns."""
        handler = await continuation(handler_call_details)
        if handler is None or is_infrastructure(handler_call_details.method):
            return handler
        call, behavior = call_of(handler_call_details.method, handler), behavior_of(handler)
        answer_requests = self._answer_stream if handler.request_streaming else self._answer_one
        streams_answers = handler.response_streaming
        largest = largest_request(handler_call_details.method)

        async def answer(_: Any, context: Context) -> Any:
            return await answer_requests(
                _Exchange(self, call, context, largest=largest, streams_answers=streams_answers),
                behavior,
            )

        parse = _marking(handler.request_deserializer, largest)
        return rebuilt(handler, answer, request_deserializer=parse)

    async def _answer_one(self, exchange: _Exchange, behavior: Any) -> Any:
        if exchange.largest < MAX_REQUEST_BYTES:
            # Of small requests no more come in than calls have places: none is kept waiting here,
            # so that large ones on their way never stop them.
            received = await self._receive_body(exchange)
            with self._budget.hold(received.size, exchange.caller):
                return await exchange.send_all(
                    behavior(exchange.checked(received), exchange.context)
                )
        async with self._budget.place(exchange.largest, exchange.caller) as place:
            received = await self._receive_body(exchange)
            place.shrink(received.size)
            return await exchange.send_all(behavior(exchange.checked(received), exchange.context))

    async def _receive_body(self, exchange: _Exchange) -> _Received:
        scope = asyncio.timeout(self._body_seconds)
        try:
            async with scope:
                received = await exchange.receive()
        except TimeoutError:
            if not scope.expired():
                raise
            raise DeadlineExceededError(
                f"the request did not come in within {self._body_seconds:g} s; send a smaller "
                "photo, fewer at a time, or over a faster connection",
                {"seconds": f"{self._body_seconds:g}"},
            ) from None
        if received is None:
            # So gRPC also tells of a call that it ended itself, as for a message that is too
            # large or a caller that is gone; it is about to cancel this task then.
            await asyncio.sleep(_END_SECONDS)
            raise _not_a_message("the call has no message")
        return received

    async def _answer_stream(self, exchange: _Exchange, behavior: Any) -> Any:
        try:
            return await exchange.send_all(behavior(exchange.elements(), exchange.context))
        finally:
            exchange.end()

    @property
    def budget(self) -> ByteBudget:
        """What the bytes of requests count against."""
        return self._budget

    @property
    def metrics(self) -> CallMetrics:
        """What messages are counted in."""
        return self._metrics

    @property
    def idle_seconds(self) -> float | None:
        """How long a stream may be idle; None is for ever."""
        return self._idle_seconds or None


class _Exchange:
    """The messages of one call. The n-th answer of a stream answers its n-th request."""

    def __init__(
        self,
        owner: MessageInterceptor,
        call: Call,
        context: Context,
        *,
        largest: int,
        streams_answers: bool,
    ) -> None:
        labels = (call.kind, call.service, call.method)
        self.context = context
        self.largest = largest
        self.caller = current_caller()
        self._owner = owner
        self._streams_answers = streams_answers
        self._received = owner.metrics.received.labels(*labels)
        self._sent = owner.metrics.sent.labels(*labels)
        self._request_bytes = owner.metrics.request_bytes.labels(call.method)
        self._unanswered: deque[int] = deque()
        # Two, as messages are received and answers sent by different tasks.
        self._receiving = IdleClock(owner.idle_seconds)
        self._sending = IdleClock(owner.idle_seconds)

    async def receive(self) -> _Received | None:
        """Return the next message, None at the end."""
        # Not from gRPC's iterator: that would hold the message until it is asked for the next one.
        received = await self.context.read()
        if not isinstance(received, _Received):
            return None  # the end of the requests
        self._received.inc()
        self._request_bytes.observe(received.size)
        current_record().count_request(received.size)
        return received

    async def elements(self) -> AsyncIterator[Any]:
        """Yield the requests of a stream."""
        while (received := await self._receive_unless_idle()) is not None:
            message = self.checked(received)
            size = await self._owner.budget.take(received.size, self.caller)
            self._unanswered.append(size)
            del received  # or its message would be held until the next one comes
            yield message
            del message

    async def send_all(self, answers: Any) -> None:
        """Send the answers of a stream, or the one answer."""
        if not self._streams_answers:
            await self._send(await answers)
            return
        async with aclosing(answers):
            async for answer in answers:
                await self._send(answer)

    def end(self) -> None:
        """Give back the bytes of requests that will not be answered, and stop the clocks."""
        self._receiving.close()
        self._sending.close()
        while self._unanswered:
            self._owner.budget.give(self._unanswered.popleft(), self.caller)

    def checked(self, received: _Received) -> Any:
        """Return the message. Raises InvalidRequestError where there is none."""
        if received.message is _TOO_LARGE:
            raise _not_a_message(f"{received.size} bytes; this method takes at most {self.largest}")
        if received.message is _MALFORMED:
            raise _not_a_message("the bytes are no message of this method")
        return received.message

    async def _receive_unless_idle(self) -> _Received | None:
        # The clock runs only while there is nothing to do for the caller.
        try:
            with self._receiving.wait(paused=bool(self._unanswered)):
                return await self.receive()
        except IdleError:
            raise self._idle("nothing came in over the stream") from None

    async def _send(self, answer: Any) -> None:
        try:
            with self._sending.wait():
                await self.context.write(answer)
        except IdleError:
            raise self._idle("the caller took no answer") from None
        except aio.BaseError:
            # gRPC could not send it: the call has ended, by its deadline or by the caller.
            raise asyncio.CancelledError from None
        self._sent.inc()
        self._answered()

    def _answered(self) -> None:
        if self._unanswered:
            self._owner.budget.give(self._unanswered.popleft(), self.caller)
        if not self._unanswered:
            self._receiving.restart()

    def _idle(self, what: str) -> StreamIdleError:
        seconds = f"{self._owner.idle_seconds:g}"
        return StreamIdleError(
            f"{what} for {seconds} s; open another one when there is more to send",
            {"seconds": seconds},
        )


def _marking(parse: Callable[[bytes], Any] | None, largest: int) -> Callable[[bytes], _Received]:
    """Return a parser that never raises: errors are answered inside the call, as all others."""

    def parse_or_mark(data: bytes) -> _Received:
        if len(data) > largest:
            return _Received(_TOO_LARGE, len(data))
        try:
            message = data if parse is None else parse(data)
        except DecodeError:
            message = _MALFORMED
        return _Received(message, len(data))

    return parse_or_mark


def _not_a_message(what: str) -> InvalidRequestError:
    return InvalidRequestError([FieldViolation("request", what)])
