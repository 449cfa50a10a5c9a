"""Turns exceptions into the statuses that callers are promised."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from grpc import aio

from ootd_gateway.errors import InternalError, OotdError
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context
from ootd_gateway.rpc.request_id import current_request_id
from ootd_gateway.rpc.status import abort_with, internal_error

log = structlog.get_logger(__name__)


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
        except InternalError as error:
            log.exception("internal error", service=call.service, detail=error.message)
            await abort_with(context, internal_error(), current_request_id())
        except OotdError as error:
            await abort_with(context, error, current_request_id())
        except Exception:
            log.exception("unexpected error", service=call.service)
            await abort_with(context, internal_error(), current_request_id())
