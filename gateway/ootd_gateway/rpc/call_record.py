"""What is noted of a call on its way, for its log line."""

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field

_LOGGED_FIELDS = 8


@dataclass(slots=True)
class CallRecord:
    """Sizes and numbers; never contents."""

    requests: int = 0
    request_bytes: int = 0
    garments: int | None = None
    hits: int | None = None
    elements: Counter[str] = field(default_factory=Counter)

    def count_request(self, size: int) -> None:
        """Note a message that came in."""
        self.requests += 1
        self.request_bytes += size

    def count_garments(self, count: int) -> None:
        """Note the garments of a photo."""
        self.garments = (self.garments or 0) + count

    def count_hits(self, count: int) -> None:
        """Note the hits of a search."""
        self.hits = (self.hits or 0) + count

    def count_element(self, outcome: str) -> None:
        """Note an element of a stream that was answered: "ok", or the reason of its error."""
        self.elements[outcome] += 1

    def fields(self) -> dict[str, object]:
        """Return what belongs on the log line of the call."""
        noted: dict[str, object] = {"request_bytes": self.request_bytes}
        if self.garments is not None:
            noted["garments"] = self.garments
        if self.hits is not None:
            noted["hits"] = self.hits
        if self.elements:
            noted["elements"] = dict(self.elements)
        return noted


_current: ContextVar[CallRecord | None] = ContextVar("ootd_call_record", default=None)


def begin_record() -> CallRecord:
    """Start the record of the call that begins in this task; tasks of its elements share it."""
    record = CallRecord()
    _current.set(record)
    return record


def current_record() -> CallRecord:
    """Return the record of the call that is being worked on; one of its own outside of calls."""
    return _current.get() or CallRecord()


def shown_fields(paths: "list[str]") -> list[str]:
    """Return the paths of fields at fault as they are logged: a few, without keys of callers."""
    plain = dict.fromkeys(path.partition("[")[0] for path in paths)
    return list(plain)[:_LOGGED_FIELDS]
