"""What the clients of all services are made of."""

from ootd._async.calls import AsyncCalls


class AsyncServiceClient:
    """Calls over one gateway's connection; safe wherever AsyncClient is.

    Methods of services take this class as `self`, as the calls are all that they need. So the
    AsyncClient can have the very same functions as its short forms without inheriting from any
    service, and no service's method can hide another's.
    """

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls
