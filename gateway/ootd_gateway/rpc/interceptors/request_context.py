"""Gives each call its request id, in the log's context and in the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context
from ootd_gateway.rpc.request_id import REQUEST_ID_KEY, adopt_request_id


class RequestContextInterceptor(AroundCallInterceptor):
    """Adopts `x-request-id` or makes one up; every log line of the call carries it."""

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Bind the id; gRPC runs each call in a task, hence a context, of its own."""
        sent = next(
            (value for key, value in context.invocation_metadata() or () if key == REQUEST_ID_KEY),
            None,
        )
        request_id = adopt_request_id(sent if isinstance(sent, str) else None)
        structlog.contextvars.bind_contextvars(
            request_id=request_id, service=call.service, method=call.method
        )
        context.set_trailing_metadata(((REQUEST_ID_KEY, request_id),))
        yield
