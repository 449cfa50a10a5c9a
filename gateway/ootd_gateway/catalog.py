"""What the catalogue's calls do, in domain terms: analyse, choose the garment, store, show."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from ootd_gateway import validation
from ootd_gateway.category_parser import CategoryParser, TitleCategory
from ootd_gateway.errors import (
    ItemNotFoundError,
    NoMatchingGarmentError,
)
from ootd_gateway.image_header import DEFAULT_LIMITS, ImageLimits, check_image
from ootd_gateway.item_order import ItemOrder
from ootd_gateway.releases import ReleaseGuard
from ootd_gateway.replay import ChangeApplier
from ootd_gateway.store.base import CatalogStore, UpsertOutcome, UpsertResult
from ootd_gateway.types import (
    ALL_PARTS,
    AnalyzeOptions,
    CategoryGuide,
    FloatVector,
    Garment,
    Guide,
    Item,
    ItemDraft,
    ItemPage,
    ItemParts,
    Priority,
    RegionGuide,
    SuperCategory,
    Taxonomy,
)
from ootd_gateway.vision.base import USUAL, VisionModel

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoSource:
    """How an item looks: an encoded photo, which of its garments is the item, and how the photo is
    to be analysed.
    """

    image: bytes
    guide: Guide = None
    options: AnalyzeOptions = USUAL


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
        self._store = store
        self._vision = vision
        self._applier = applier
        self._limits = limits
        self._releases = ReleaseGuard(store, vision)
        self._parser: tuple[Taxonomy, CategoryParser] | None = None
        self._order = ItemOrder()

    async def upsert(
        self,
        request: UpsertRequest,
        *,
        priority: Priority = Priority.INTERACTIVE,
        timeout_s: float | None = None,
    ) -> UpsertOutcome:
        """Add or replace an item; on return it is durable and found by searches of this process.

        The same request again, analysed by the same models, changes nothing and asks no model.
        Upserts and deletions of one id take effect in the order in which they were called here.
        `priority` is that of the photo in the vision graph; `timeout_s` is what is left of the
        caller's deadline for the analysis.

        Raises InvalidRequestError (item_id, title, attributes, payload, sub_category), the image
        errors of `image_header.check_image`, NoMatchingGarmentError, ReleaseMismatchError,
        VisionUnavailableError, DeadlineExceededError, StoreUnavailableError.
        """
        _validate(request)
        if isinstance(request.source, PhotoSource):
            check_image(request.source.image, self._limits)
        async with self._order.turn([request.item_id]):
            return await self._upsert(request, priority, timeout_s)

    async def _upsert(
        self, request: UpsertRequest, priority: Priority, timeout_s: float | None
    ) -> UpsertOutcome:
        release = await self._releases.served()
        # A large photo takes tens of milliseconds, which other calls need not wait for.
        digest = await asyncio.to_thread(source_digest, request, release)
        stored = await self._store.get(request.item_id)
        if stored is not None and stored.source_digest == digest:
            await self._make_visible(stored.sequence_number)
            return UpsertOutcome(stored, UpsertResult.UNCHANGED)
        if isinstance(request.source, PhotoSource):
            await self._releases.check()  # the store checks, too; but before the models' work
        draft = ItemDraft(
            item_id=request.item_id,
            title=request.title,
            attributes=dict(request.attributes),
            payload=request.payload,
            garment=await self._garment(request, priority, timeout_s),
            source_digest=digest,
        )
        (outcome,) = await self._store.upsert([draft], release=release)
        await self._make_visible(outcome.item.sequence_number)
        return outcome

    async def get(self, item_id: str, *, parts: ItemParts = ALL_PARTS) -> Item:
        """Return the item with the parts that are asked for.

        Raises ItemNotFoundError, InvalidRequestError, StoreUnavailableError.
        """
        violations = validation.Violations()
        validation.item_id(item_id, "item_id", violations)
        violations.check()
        item = await self._store.get(item_id, parts=parts)
        if item is None:
            raise item_not_found(item_id)
        return item

    async def list_page(
        self,
        *,
        page_size: int | None = None,
        page_token: str = "",
        super_category: SuperCategory | None = None,
        parts: ItemParts = ALL_PARTS,
        max_bytes: int | None = None,
    ) -> ItemPage:
        """Return a page of items by id; `page_size` 1 to 1000, None is 100.

        The page ends early, with an item at least, where its items have about `max_bytes`.

        Raises InvalidRequestError, StoreUnavailableError.
        """
        violations = validation.Violations()
        size = validation.page_size(page_size, "page_size", violations)
        validation.page_token(page_token, "page_token", violations)
        violations.check()
        return await self._store.list_page(
            page_size=size,
            after_item_id=page_token,
            super_category=super_category,
            parts=parts,
            max_bytes=max_bytes,
        )

    async def delete(self, item_ids: Sequence[str]) -> Sequence[str]:
        """Delete 1 to 1000 items in one transaction; return the ids that there were, in their
        order.

        On return searches of this process don't find them. Raises InvalidRequestError, and
        StoreUnavailableError, which means that nothing was deleted.
        """
        violations = validation.Violations()
        validation.item_ids(item_ids, "item_ids", violations)
        violations.check()
        async with self._order.turn(item_ids):
            deleted = await self._store.delete(item_ids)
            if deleted.item_ids:
                await self._make_visible(deleted.sequence_number)
        return deleted.item_ids

    async def _garment(
        self, request: UpsertRequest, priority: Priority, timeout_s: float | None
    ) -> Garment:
        """Return the garment that stands for the item."""
        taxonomy = await self._vision.taxonomy() if _needs_taxonomy(request) else None
        if isinstance(request.source, EmbeddingSource):
            source = request.source
            if taxonomy is not None:
                violations = validation.Violations()
                validation.sub_category(
                    source.sub_category,
                    source.super_category,
                    taxonomy.sub_categories,
                    "embedding.sub_category",
                    violations,
                )
                violations.check()
            return Garment(
                super_category=source.super_category,
                embedding=source.embedding,
                color_histogram=source.color_histogram,
                sub_category=source.sub_category,
            )
        named = None if taxonomy is None else self._parser_of(taxonomy).parse(request.title)
        guide = request.source.guide
        if guide is None and named is not None:
            guide = CategoryGuide(named.super_category)
        analysis = await self._vision.analyze(
            request.source.image,
            guide,
            options=request.source.options,
            priority=priority,
            timeout_s=timeout_s,
        )
        chosen = choose_garment(analysis.garments, guide, named)
        if chosen is None:
            raise _no_matching_garment(request.item_id, guide)
        return chosen

    def _parser_of(self, taxonomy: Taxonomy) -> CategoryParser:
        if self._parser is None or self._parser[0] is not taxonomy:
            self._parser = (taxonomy, CategoryParser(taxonomy.sub_categories))
        return self._parser[1]

    async def _make_visible(self, sequence_number: int) -> None:
        """Let searches see a change. What is durable stays acknowledged where that fails."""
        try:
            await self._applier.catch_up_to(sequence_number)
        except Exception:  # noqa: BLE001 - whatever it is, the tail tries again
            _log.warning("change_not_yet_visible", sequence=sequence_number, exc_info=True)


def choose_garment(
    garments: Sequence[Garment], guide: Guide, named: TitleCategory | None
) -> Garment | None:
    """Return the garment of a photo that is the item, or None.

    A category guide leaves its own garments alone in the choice, a rectangle its own garment. Among
    those, one whose sub-category is the one that the title names goes first, then the higher
    detector score. Where the title names a sub-category of the chosen garment's super-category,
    that is the item's, with score 1: the seller knows it, the model guesses (seller intent, 11st
    section 3).
    """
    if isinstance(guide, CategoryGuide):
        garments = [one for one in garments if one.super_category == guide.category]
    if not garments:
        return None
    wanted = "" if named is None else named.sub_category
    chosen = max(garments, key=lambda one: (bool(wanted) and one.sub_category == wanted, one.score))
    if named is not None and wanted and named.super_category == chosen.super_category:
        return replace(chosen, sub_category=wanted, sub_category_score=1.0)
    return chosen


def source_digest(request: UpsertRequest, release: str) -> str:
    """Return the SHA-256 (hex) of all that was sent and of the models that look at it."""
    source = request.source
    header: dict[str, object] = {
        "release": release,
        "title": request.title,
        "attributes": sorted(request.attributes.items()),
        "payload_bytes": len(request.payload),
    }
    parts = [request.payload]
    if isinstance(source, PhotoSource):
        header |= {"source": "photo", "guide": _guide_key(source.guide)}
        if source.options != USUAL:
            header |= {"options": [source.options.score_threshold, source.options.attribute_model]}
        parts.append(source.image)
    else:
        header |= {
            "source": "embedding",
            "super_category": source.super_category.label,
            "sub_category": source.sub_category,
            "has_histogram": source.color_histogram is not None,
        }
        parts.append(source.embedding.astype("<f4").tobytes())
        if source.color_histogram is not None:
            parts.append(source.color_histogram.astype("<f4").tobytes())
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def item_not_found(item_id: str) -> ItemNotFoundError:
    """Return what to raise where there is no such item."""
    return ItemNotFoundError(f'there is no item "{item_id}"', {"item_id": item_id})


def _validate(request: UpsertRequest) -> None:
    violations = validation.Violations()
    validation.item_id(request.item_id, "item_id", violations)
    validation.title(request.title, "title", violations)
    validation.attributes(request.attributes, "attributes", violations)
    validation.payload(request.payload, "payload", violations)
    violations.check()


def _needs_taxonomy(request: UpsertRequest) -> bool:
    if isinstance(request.source, EmbeddingSource):
        return bool(request.source.sub_category)
    return bool(request.title)


def _guide_key(guide: Guide) -> object:
    match guide:
        case CategoryGuide(category):
            return category.label
        case RegionGuide(box):
            return [box.x0, box.y0, box.x1, box.y1]
        case None:
            return None


def _no_matching_garment(item_id: str, guide: Guide) -> NoMatchingGarmentError:
    category = guide.category.label if isinstance(guide, CategoryGuide) else "any"
    what = "garment" if category == "any" else category
    return NoMatchingGarmentError(
        f'no {what} was found in the photo of "{item_id}": send a photo that shows it, another '
        "category, or the garment's rectangle",
        {"item_id": item_id, "category": category},
    )
