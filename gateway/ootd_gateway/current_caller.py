"""The caller of the call that is being worked on, for whoever shares something out."""

from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("ootd_caller", default="")


def current_caller() -> str:
    """Return the caller of the call that is being worked on; "" where it is not known."""
    return _current.get()


def set_current_caller(caller: str) -> None:
    """Note who calls, for this call and the tasks that it starts from now on."""
    _current.set(caller)
