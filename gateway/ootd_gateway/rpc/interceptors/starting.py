"""Refuses calls while the gateway starts: the port is open before the index is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context


class StartGate:
    """Closed at first; `told` says how far the start has come, for those who are refused."""

    def __init__(self) -> None:
        self.is_open = False
        self.told = "its catalogue is being opened"

    def open(self) -> None:
        """Let calls in."""
        self.is_open = True


class StartingInterceptor(AroundCallInterceptor):
    """Ends calls with UNAVAILABLE until the gate is open."""

    def __init__(self, gate: StartGate) -> None:
        self._gate = gate

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Refuse the call, or let it through."""
        if not self._gate.is_open:
            raise StoreUnavailableError(
                f"the gateway is starting: {self._gate.told}; try again in a moment"
            )
        yield
