"""Progress of a long command, on one line of standard error."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Progress:
    """Counts steps of `total` and shows them at most once a second.

    A terminal gets one line that is written over; a log gets a line each tenth of the way.
    """

    def __init__(self, task: str, total: int, stream: TextIO | None = None) -> None:
        self.task = task
        self.total = total
        self.done = 0
        self._stream = stream or sys.stderr
        self._shown = 0.0
        self._tenth = 0

    def __call__(self, done: int) -> None:
        """Say that `done` steps are behind us."""
        self.done = done
        finished = done >= self.total
        if self._stream.isatty():
            if finished or time.monotonic() - self._shown >= 1:
                self._shown = time.monotonic()
                end = "\n" if finished else ""
                print(f"\r{self.line()}", end=end, file=self._stream, flush=True)
        elif done * 10 // max(1, self.total) > self._tenth or finished:
            self._tenth = done * 10 // max(1, self.total)
            print(self.line(), file=self._stream, flush=True)

    def line(self) -> str:
        """The line as shown."""
        return f"{self.task}: {self.done:,} of {self.total:,}"
