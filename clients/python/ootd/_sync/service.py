"""What the clients of all services are made of."""

from ootd._sync.calls import Calls


class ServiceClient:
    """Calls over one gateway's connection; safe wherever Client is.

    Methods of services take this class as `self`, as the calls are all that they need. So the
    Client can have the very same functions as its short forms without inheriting from any
    service, and no service's method can hide another's.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
