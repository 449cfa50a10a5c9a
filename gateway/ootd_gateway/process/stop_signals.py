"""SIGTERM and Ctrl-C as an event."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)

IMPATIENCE_SECONDS = 1.0
"""A signal that comes so soon after the first is its echo: some programs signal a process and its
group."""


@contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """Give an event that is set by the first SIGTERM or Ctrl-C.

    A further one, at least a second later, ends the process at once, for those who do not want to
    wait for the drain.
    """
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    first_at = 0.0

    def stop(number: signal.Signals) -> None:
        nonlocal first_at
        if not event.is_set():
            first_at = loop.time()
            event.set()
        elif loop.time() - first_at >= IMPATIENCE_SECONDS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        yield event
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
