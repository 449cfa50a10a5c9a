"""SIGTERM and Ctrl-C as an event."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """Give an event that is set by the first SIGTERM or Ctrl-C. A second one ends the process as
    usual, for those who do not want to wait for the drain.
    """
    loop = asyncio.get_running_loop()
    event = asyncio.Event()

    def stop() -> None:
        event.set()
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        # Without a handler of its own asyncio's runner would only cancel, and wait again.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield event
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
