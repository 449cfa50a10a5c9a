"""What an index tells of itself to whoever watches it."""

from dataclasses import dataclass
from typing import Literal, Protocol

SearchMethod = Literal["exact", "graph"]
"""Whether a search compared all entries, or those alone that the graph named."""


@dataclass(frozen=True, slots=True)
class IndexSize:
    """How large a shard or a partition is: entries, those of them that are in the graph, and bytes
    of vectors and graph.

    `is_graph_complete`: searches may use the graph; it is built with the writes, from half of
    `exact_limit` on.
    """

    entries: int
    graph_entries: int
    memory_bytes: int
    is_graph_complete: bool


class IndexObserver(Protocol):
    """Is told what happens in an index, by the threads in which it happens."""

    def searched(self, partition: int, method: SearchMethod, seconds: float) -> None:
        """One query was answered in so many seconds; with the graph of one shard at least, or
        without any.
        """
        ...

    def refused(self, key: int, why: str) -> None:
        """An entry was left out because its vectors are none."""
        ...


class NoObserver:
    """An `IndexObserver` that nobody listens to."""

    def searched(self, partition: int, method: SearchMethod, seconds: float) -> None:
        """Do nothing."""

    def refused(self, key: int, why: str) -> None:
        """Do nothing."""
