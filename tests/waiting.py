"""Waits for facts."""

import time
from collections.abc import Callable


def wait_until(fact: Callable[[], bool], timeout_s: float = 60.0) -> bool:
    """Whether the fact holds before the time is over."""
    deadline = time.monotonic() + timeout_s
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
