"""Turns exceptions into the statuses that callers are promised."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from grpc import aio

from ootd_gateway.errors import InternalError, OotdError, StreamIdleError
from ootd_gateway.rpc.error_status import abort_with, internal_error
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context
from ootd_gateway.rpc.request_id import current_request_id
from ootd_gateway.rpc.traceback_frames import release_locals

log = structlog.get_logger(__name__)

_ABORT_SECONDS = 5.0
"""A caller that reads nothing does not take the status either; the call is left to gRPC then."""


class ErrorInterceptor(AroundCallInterceptor):
    """Ends failed calls with a google.rpc.Status.

    An exception that is none of ours is a bug: it becomes INTERNAL without its text, and the log
    has its traceback under the request id. What InternalError says is for the log, too.
    """

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Catch what the call raises."""
        try:
            yield
        except aio.AbortError:
            raise
        except asyncio.CancelledError as error:
            release_locals(error)
            raise
        except InternalError as error:
            log.exception("internal error", detail=error.message)
            release_locals(error)
            await _abort(context, internal_error())
        except OotdError as error:
            release_locals(error)
            await _abort(context, error)
        except Exception as error:
            log.exception("unexpected error")
            release_locals(error)
            await _abort(context, internal_error())


async def _abort(context: Context, error: OotdError) -> None:
    """End the call with the error. Raises grpc.aio.AbortError where the status could be sent."""
    if not isinstance(error, StreamIdleError):
        await abort_with(context, error, current_request_id())
        return
    try:
        async with asyncio.timeout(_ABORT_SECONDS):
            await abort_with(context, error, current_request_id())
    except TimeoutError:
        log.info("the caller does not take the end of its stream", reason=error.reason)
