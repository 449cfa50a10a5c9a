"""What `ootd ingest` tells of its rows: lines of JSON, failures, and the numbers at the end."""

from collections import Counter

from ootd import Client
from ootd.cli import failures
from ootd.cli.exit_codes import SOME_FAILED
from ootd.cli.ingest_run import Outcome
from ootd.cli.output import print_json, print_table, say
from ootd.cli.wording import in_flags

_LISTED_FAILURES = 200


class IngestReport:
    """Counts outcomes, and keeps the first failures for the end."""

    def __init__(self, *, as_json: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._as_json = as_json
        self._failures: list[str] = []
        self._codes: set[int] = set()

    def add(self, outcome: Outcome) -> None:
        """Count one row, and print its line of JSON."""
        self.counts[outcome.result] += 1
        if self._as_json:
            line = {"id": outcome.item_id, "image": outcome.image, "result": outcome.result}
            error = {"error": failures.as_json(outcome.error)} if outcome.error else {}
            print_json({**line, **error})
        if outcome.error is None:
            return
        self._codes.add(failures.exit_code(outcome.error))
        if len(self._failures) < _LISTED_FAILURES:
            where = outcome.image or outcome.item_id
            message = in_flags(outcome.error.message)
            text = message if message.startswith(where) else f"{where}: {message}"
            self._failures.append(f"{outcome.where}: {text}" if outcome.where else text)

    def finish(self, client: Client | None) -> None:
        """Print what there is to say at the end; the catalogue's size where it can be asked for."""
        if self._failures:
            say(f"{self.counts['failed']} failed:")
        for line in self._failures:
            say(f"  {line}", "none")
        unlisted = self.counts["failed"] - len(self._failures)
        if unlisted:
            say(f"  and {unlisted} more (--json tells them all)", "none")
        text = (
            f"new {self.counts['created']}, replaced {self.counts['replaced']}, "
            f"unchanged {self.counts['unchanged']}, failed {self.counts['failed']}"
        )
        if client is not None:
            text += f"; the catalogue has {client.count_items():,} items"
        if self._as_json:
            say(text, "none")
        else:
            print_table(text)

    def exit_code(self) -> int:
        """Return the exit code of the command."""
        failed = self.counts["failed"]
        if failed == self.counts.total() and len(self._codes) == 1:
            return next(iter(self._codes))
        return SOME_FAILED if failed else 0
