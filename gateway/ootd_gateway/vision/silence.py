"""For how long somebody who was asked has not answered."""

import time


class Silence:
    """Counts from the first question that is open, or from the last answer if that came later."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has lasted; 0 where nothing is open."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def asked(self) -> None:
        """Take note of a question."""
        if self._since is None:
            self._since = time.monotonic()

    def answered(self, *, open_questions: bool) -> None:
        """Take note of an answer, and whether others are still owed."""
        self._since = time.monotonic() if open_questions else None
