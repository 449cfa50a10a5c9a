"""Bounds the calls of health and reflection, which everyone may make: how many, and how long."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc import aio

from ootd_gateway.errors import (
    BusyError,
    DeadlineExceededError,
    FieldViolation,
    InvalidRequestError,
    OotdError,
)
from ootd_gateway.rpc.admission import AdmissionPool
from ootd_gateway.rpc.caller_identity import address_of
from ootd_gateway.rpc.error_status import abort_with
from ootd_gateway.rpc.interceptors.around import (
    Context,
    Handler,
    behavior_of,
    is_infrastructure,
    rebuilt,
)
from ootd_gateway.rpc.request_id import adopt_request_id
from ootd_gateway.telemetry.metrics.calls import CallMetrics, PoolMetrics

log = structlog.get_logger(__name__)

_LOG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class StandardServiceBounds:
    """How many calls of health and reflection are open, in all and of one address.

    Checks have places of their own, so that watchers never take those of probes. A stream ends
    with OK after `stream_seconds`; clients that watch open it again. The body of a call that is no
    stream must come within `body_seconds`.
    """

    streams: int = 64
    streams_of_address: int = 16
    checks: int = 64
    checks_of_address: int = 32
    stream_seconds: float = 600.0
    body_seconds: float = 5.0


class StandardServiceInterceptor(aio.ServerInterceptor):
    """Refuses calls of health and reflection beyond the bounds, with RESOURCE_EXHAUSTED.

    Refusals are counted by pool, `<pool>_streams` and `<pool>_checks`, and logged once a minute.
    """

    def __init__(self, bounds: StandardServiceBounds, metrics: CallMetrics, *, pool: str) -> None:
        self._bounds = bounds
        self._streams = _pool(
            bounds.streams, bounds.streams_of_address, PoolMetrics(metrics, f"{pool}_streams")
        )
        self._checks = _pool(
            bounds.checks, bounds.checks_of_address, PoolMetrics(metrics, f"{pool}_checks")
        )
        self._refused = 0
        self._logged_at: float | None = None

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Bound the call, if it is one of health or reflection."""
        handler = await continuation(handler_call_details)
        if handler is None or not is_infrastructure(handler_call_details.method):
            return handler
        behavior, takes_one = behavior_of(handler), not handler.request_streaming

        async def answer_one(_: Any, context: Context) -> Any:
            async def work() -> Any:
                return await behavior(await self._body(context), context)

            return await self._within(self._checks, context, work)

        async def answer_many(requests: Any, context: Context) -> AsyncIterator[Any]:
            async def work() -> None:
                request = await self._body(context) if takes_one else requests
                await self._stream(behavior(request, context), context)

            await self._within(self._streams, context, work)
            nothing: tuple[Any, ...] = ()
            for one in nothing:
                yield one

        # As a stream of requests, gRPC does not receive the body before there is a place.
        answer: Any = answer_many if handler.response_streaming else answer_one
        return rebuilt(handler, answer, request_streaming=True)

    async def _within(
        self, pool: AdmissionPool, context: Context, work: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Do the work in a place of the pool."""
        peer = context.peer()
        try:
            async with pool.place(address_of(peer)):
                return await work()
        except OotdError as error:
            if isinstance(error, BusyError):
                self._tell(peer, error)
            await abort_with(context, error, adopt_request_id(None))

    async def _body(self, context: Context) -> Any:
        """Receive the one message of a call."""
        seconds = self._bounds.body_seconds
        try:
            async with asyncio.timeout(seconds):
                message = await context.read()
        except TimeoutError:
            raise DeadlineExceededError(
                f"the request did not come in within {seconds:g} s"
            ) from None
        except DecodeError:
            raise _no_message("the bytes are no message of this method") from None
        if message is aio.EOF:
            raise _no_message("the call has no message")
        return message

    async def _stream(self, answers: Any, context: Context) -> None:
        """Send answers for as long as a stream may last."""
        scope = asyncio.timeout(self._bounds.stream_seconds)
        try:
            async with scope:
                if not inspect.isasyncgen(answers):
                    await answers  # sends them itself
                    return
                async with aclosing(answers):
                    async for answer in answers:
                        await context.write(answer)
        except TimeoutError:
            if not scope.expired():
                raise

    def _tell(self, peer: str | None, error: BusyError) -> None:
        self._refused += 1
        now = time.monotonic()
        if self._logged_at is not None and now - self._logged_at < _LOG_SECONDS:
            return
        log.warning(
            "calls of health or reflection are refused",
            refused=self._refused,
            reason=error.reason,
            peer=peer,
        )
        self._refused, self._logged_at = 0, now


def _pool(limit: int, of_address: int, observer: PoolMetrics) -> AdmissionPool:
    return AdmissionPool(
        limit=limit,
        queue_limit=0,
        queue_seconds=1.0,
        caller_share=min(1.0, of_address / limit),
        observer=observer,
    )


def _no_message(what: str) -> InvalidRequestError:
    return InvalidRequestError([FieldViolation("request", what)])
