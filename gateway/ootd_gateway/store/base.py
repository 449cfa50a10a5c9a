"""The contract of the database: the truth about items, and an ordered log of their changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ootd_gateway.errors import ReleaseMismatchError
from ootd_gateway.types import Item, ItemDraft, ItemPage, SuperCategory


@dataclass(frozen=True, slots=True, eq=False)
class ItemChange:
    """One entry of the change log.

    `item` is the item as it is now, or None where the item with this `key` is gone.
    """

    sequence_number: int
    key: int
    item: Item | None


@dataclass(frozen=True, slots=True, eq=False)
class UpsertOutcome:
    """What an upsert came to; `changed` is False where the same digest was stored before."""

    item: Item
    changed: bool


class CatalogStore(Protocol):
    """Items, durable and ordered. Safe for concurrent calls.

    Every method raises StoreUnavailableError where the database cannot be read or written.
    """

    async def upsert(self, drafts: Sequence[ItemDraft], *, release: str) -> Sequence[UpsertOutcome]:
        """Store items in one transaction; on return they are durable. Outcomes in the drafts'
        order.

        `release` is the fingerprint of the models that made the drafts' embeddings and colour
        histograms. The first upsert into an empty store sets the store's release;
        ReleaseMismatchError where it differs from that, and nothing is changed. A draft whose
        digest is stored already changes nothing.
        """
        ...

    async def release(self) -> str:
        """Return the fingerprint of the models of all stored vectors; "" where there are none."""
        ...

    async def delete(self, item_ids: Sequence[str]) -> Sequence[str]:
        """Delete items in one transaction; return the ids that there were."""
        ...

    async def get(self, item_id: str) -> Item | None:
        """Return the item, or None."""
        ...

    async def get_by_keys(self, keys: Sequence[int]) -> Sequence[Item]:
        """Return the items that there are of these index keys, in any order."""
        ...

    async def list_page(
        self,
        *,
        page_size: int,
        after_item_id: str = "",
        super_category: SuperCategory | None = None,
    ) -> ItemPage:
        """Return the items whose ids sort after this one; the page's token is the last id."""
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

    async def close(self) -> None:
        """Give back connections; no call may follow."""
        ...


def release_mismatch(*, stored: str, served: str) -> ReleaseMismatchError:
    """Return what to raise where embeddings or colour histograms of two models would meet.

    `served` is the fingerprint of those that would meet the stored ones.
    """
    return ReleaseMismatchError(
        f"the catalogue's embeddings and colour histograms were made by the models {stored}, those "
        f"of this call by {served} (fingerprints of embedder and crop model): serve the former, or "
        "ingest the catalogue into a new database",
        {"stored": stored, "served": served},
    )
