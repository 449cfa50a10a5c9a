"""The database: how long reads and commits take, and how much goes into one commit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Gauge, Histogram

_SECONDS_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_WRITES_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class DatabaseMetrics:
    """The database: how long reads and commits take, and how much goes into one commit."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "ootd_store_seconds",
            "Time of one operation, waiting for its turn included: get, get_by_keys, list_page, "
            "changes_after, last_sequence_number, vector_fingerprint, upsert, delete; commit is "
            "one transaction of the writer. Failed ones count, too.",
            ("operation",),
            buckets=_SECONDS_BUCKETS,
            registry=registry,
        )
        self.commit_writes = Histogram(
            "ootd_store_commit_writes",
            "Writes that were committed in one transaction.",
            buckets=_WRITES_BUCKETS,
            registry=registry,
        )
        self.writable = Gauge(
            "ootd_store_writable",
            "1 where the last commit succeeded, or none was tried yet; 0 where it failed: disk "
            "full, locked, read-only or gone.",
            registry=registry,
        )
        self.is_writable = True
        self.writable.set(1)
        self._children: dict[str, Histogram] = {}

    def tell_writable(self, is_writable: bool) -> None:
        """Take note of how the last commit ended."""
        self.is_writable = is_writable
        self.writable.set(is_writable)

    @contextmanager
    def timed(self, operation: str) -> Iterator[None]:
        """Observe how long the block takes, failed or not."""
        # Looking a child up by its labels takes longer than observing.
        child = self._children.get(operation)
        if child is None:
            child = self._children[operation] = self.seconds.labels(operation)
        began = time.perf_counter()
        try:
            yield
        finally:
            child.observe(time.perf_counter() - began)
