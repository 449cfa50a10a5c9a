"""Bounds how many calls run side by side."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ootd_gateway.current_caller import current_caller
from ootd_gateway.rpc.admission import Admission
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context


class AdmissionInterceptor(AroundCallInterceptor):
    """A call takes one place of its pool while it runs. A stream takes one, not one per element:
    its elements wait for the vision graph instead of being refused.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Hold a place."""
        pool = self._admission.streams if call.streams else self._admission.calls
        async with pool.place(current_caller()):
            yield
