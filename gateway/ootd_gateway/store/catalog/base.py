"""The contract of the catalogue's store: the truth about items, and an ordered log of changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ootd_gateway.errors import VectorFingerprintMismatchError
from ootd_gateway.types import ALL_PARTS, Item, ItemDraft, ItemPage, ItemParts, SuperCategory


@dataclass(frozen=True, slots=True, eq=False)
class ItemChange:
    """One entry of the change log.

    `item` is the item as it is now, or None where the item with this `key` is gone.
    """

    sequence_number: int
    key: int
    item: Item | None


class UpsertOutcome(StrEnum):
    """Whether an upserted item is new, replaces another, or was already the same."""

    CREATED = "created"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, eq=False)
class UpsertResult:
    """What an upsert came to; UNCHANGED where the same digest was stored before."""

    item: Item
    outcome: UpsertOutcome

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.outcome is not UpsertOutcome.UNCHANGED


@dataclass(frozen=True, slots=True)
class DeletionResult:
    """The ids that there were, in the order of asking, and the number of the last change so made;
    0 where there were none.
    """

    item_ids: tuple[str, ...]
    sequence_number: int


class CatalogStore(Protocol):
    """Items, durable and ordered. Safe for concurrent calls.

    Every method raises StoreUnavailableError where the database cannot be read or written.
    """

    async def upsert(
        self, drafts: Sequence[ItemDraft], *, vector_fingerprint: str
    ) -> Sequence[UpsertResult]:
        """Store items in one transaction; on return they are durable. Results in the drafts' order.

        `vector_fingerprint` is that of the models that made the drafts' embeddings and colour
        histograms. The first upsert into an empty store sets the store's;
        VectorFingerprintMismatchError where it differs from that, and nothing is changed. A draft
        whose digest is stored already changes nothing.
        """
        ...

    async def vector_fingerprint(self) -> str:
        """Return the fingerprint of the models of all stored vectors; "" where there are none."""
        ...

    async def delete(self, item_ids: Sequence[str]) -> DeletionResult:
        """Delete items in one transaction."""
        ...

    async def get(self, item_id: str, *, parts: ItemParts = ALL_PARTS) -> Item | None:
        """Return the item, or None."""
        ...

    async def get_by_keys(
        self, keys: Sequence[int], *, parts: ItemParts = ALL_PARTS
    ) -> Sequence[Item]:
        """Return the items that there are of these index keys, in any order."""
        ...

    async def list_page(
        self,
        *,
        page_size: int,
        after_item_id: str = "",
        super_category: SuperCategory | None = None,
        parts: ItemParts = ALL_PARTS,
        max_bytes: int | None = None,
    ) -> ItemPage:
        """Return the items whose ids sort after this one; the page's token is the last id.

        No more are read once those read have `max_bytes`.
        """
        ...

    async def changes_after(self, sequence_number: int, *, limit: int) -> Sequence[ItemChange]:
        """Return the first `limit` changes after this one, oldest first.

        An item that changed several times appears at its last change alone: earlier entries are
        dropped from the log when they are superseded, so a reader that missed them misses nothing.
        """
        ...

    async def last_sequence_number(self) -> int:
        """Return the newest change's number; 0 where there is none."""
        ...


def vector_fingerprint_mismatch(*, stored: str, served: str) -> VectorFingerprintMismatchError:
    """Return what to raise where embeddings or colour histograms of two models would meet.

    `served` is the fingerprint of those that would meet the stored ones.
    """
    return VectorFingerprintMismatchError(
        f"the catalogue's embeddings and colour histograms were made by the models {stored}, those "
        f"of this call by {served} (fingerprints of embedder and crop model): serve the former, or "
        "ingest the catalogue into a new database",
        {"stored": stored, "served": served},
    )
