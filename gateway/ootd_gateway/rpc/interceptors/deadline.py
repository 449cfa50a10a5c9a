"""Ends calls whose time is up, those of callers that set no deadline included."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ootd_gateway.rpc.deadlines import Deadlines, deadline_exceeded
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context


class DeadlineInterceptor(AroundCallInterceptor):
    """Cancels the work of a call that takes too long. In streams each element has a deadline."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Give the call its time."""
        if call.streams:
            yield
            return
        seconds = self._deadlines.of_call(context)
        scope = asyncio.timeout(seconds)
        try:
            async with scope:
                yield
        except TimeoutError:
            if scope.expired():
                raise deadline_exceeded(seconds) from None
            raise
