"""What the catalogue's calls do, in domain terms: analyse, choose the garment, store, make visible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ootd_gateway.image_header import DEFAULT_LIMITS, ImageLimits
from ootd_gateway.replay import ChangeApplier
from ootd_gateway.store.base import CatalogStore, UpsertOutcome
from ootd_gateway.types import FloatVector, Guide, Item, ItemPage, SuperCategory
from ootd_gateway.vision.base import VisionModel


@dataclass(frozen=True, slots=True)
class PhotoSource:
    """How an item looks: an encoded photo, and which of its garments is the item."""

    image: bytes
    guide: Guide = None


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingSource:
    """How an item looks, from an embedder that the caller runs.

    `embedding` is float32[128] and L2-normalised, `color_histogram` float32[56] that sums to 1 or
    None, as `validation.embedding` and `validation.color_histogram` return them.
    """

    embedding: FloatVector
    super_category: SuperCategory
    sub_category: str = ""
    color_histogram: FloatVector | None = None


@dataclass(frozen=True, slots=True, eq=False)
class UpsertRequest:
    """An item to add or replace."""

    item_id: str
    source: PhotoSource | EmbeddingSource
    title: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""


class Catalog:
    """The shop's items. Safe for concurrent calls."""

    def __init__(
        self,
        store: CatalogStore,
        vision: VisionModel,
        applier: ChangeApplier,
        limits: ImageLimits = DEFAULT_LIMITS,
    ) -> None:
        raise NotImplementedError

    async def upsert(
        self, request: UpsertRequest, *, timeout_s: float | None = None
    ) -> UpsertOutcome:
        """Add or replace an item; on return it is durable and found by searches of this process.

        Raises InvalidRequestError (item_id, title, attributes, payload, sub_category), the image
        errors of `image_header.check_image`, NoMatchingGarmentError, ReleaseMismatchError,
        VisionUnavailableError, DeadlineExceededError, StoreUnavailableError.
        """
        raise NotImplementedError

    async def get(self, item_id: str) -> Item:
        """Return the item. Raises ItemNotFoundError, InvalidRequestError, StoreUnavailableError."""
        raise NotImplementedError

    async def list_page(
        self,
        *,
        page_size: int | None = None,
        page_token: str = "",
        super_category: SuperCategory | None = None,
    ) -> ItemPage:
        """Return a page of items by id; `page_size` 1 to 1000, None is 100.

        Raises InvalidRequestError, StoreUnavailableError.
        """
        raise NotImplementedError

    async def delete(self, item_ids: Sequence[str]) -> Sequence[str]:
        """Delete 1 to 1000 items in one transaction; return the ids that there were, in their order.

        Raises InvalidRequestError, StoreUnavailableError.
        """
        raise NotImplementedError
