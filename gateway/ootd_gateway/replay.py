"""Keeps the index abreast of the store: replays the change log on start, then tails it."""

from collections.abc import Callable
from dataclasses import dataclass

from ootd_gateway.index.base import VectorIndex
from ootd_gateway.store.base import CatalogStore


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay has come: sequence numbers, and how long it took until now in seconds."""

    applied: int
    last: int
    elapsed_s: float


ProgressCallback = Callable[[ReplayProgress], None]


class ChangeApplier:
    """The only writer of an index: applies the store's changes in their order, each once.

    `batch_size` is how many changes are read at a time; `tail_interval_s` how often the log is looked
    at for changes of other processes.
    """

    def __init__(
        self,
        store: CatalogStore,
        index: VectorIndex,
        *,
        batch_size: int = 1000,
        tail_interval_s: float = 0.5,
    ) -> None:
        raise NotImplementedError

    @property
    def applied_sequence_number(self) -> int:
        """The newest change that searches see."""
        raise NotImplementedError

    async def replay(self, progress: ProgressCallback | None = None) -> int:
        """Apply all changes that there are; return how many were applied.

        Raises StoreUnavailableError.
        """
        raise NotImplementedError

    async def catch_up_to(self, sequence_number: int) -> None:
        """Return once searches see this change. Raises StoreUnavailableError."""
        raise NotImplementedError

    def start(self) -> None:
        """Start tailing the log in the background; a store that fails is tried again."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop tailing; waits for a batch that is being applied."""
        raise NotImplementedError
