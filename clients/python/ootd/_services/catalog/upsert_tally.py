"""Counts what the uploads of one stream came to."""

from collections import Counter

from ootd._services.catalog.types import UpsertOutcome, UpsertResult, UpsertSummary


class UpsertTally:
    """Keeps numbers, and the answers of what failed."""

    def __init__(self) -> None:
        self._outcomes: Counter[UpsertOutcome] = Counter()
        self._failed: list[UpsertResult] = []

    def add(self, result: UpsertResult) -> None:
        """Count one answer."""
        if result.outcome is None:
            self._failed.append(result)
        else:
            self._outcomes[result.outcome] += 1

    def summary(self) -> UpsertSummary:
        """Return the numbers so far."""
        return UpsertSummary(
            created=self._outcomes["created"],
            replaced=self._outcomes["replaced"],
            unchanged=self._outcomes["unchanged"],
            failed=tuple(self._failed),
        )
