"""What the catalogue's calls do, in domain terms: analyse, choose the garment, store, show."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

import structlog

from ootd_gateway import validation
from ootd_gateway.errors import ItemNotFoundError, VisionUnavailableError
from ootd_gateway.services.catalog.category_parser import CategoryParser
from ootd_gateway.services.catalog.garment_choice import choose_garment, no_matching_garment
from ootd_gateway.services.catalog.item_order import ItemOrder, Turn
from ootd_gateway.services.catalog.replay import ChangeApplier
from ootd_gateway.services.catalog.types import EmbeddingSource, UpsertRequest
from ootd_gateway.services.vector_fingerprint_guard import FINGERPRINT_AGE_S, VectorFingerprintGuard
from ootd_gateway.services.vision.domain import PhotoAnalyzer
from ootd_gateway.store.catalog.base import CatalogStore, UpsertOutcome, UpsertResult
from ootd_gateway.types import (
    ALL_PARTS,
    AnalyzeOptions,
    AttributeModel,
    CategoryGuide,
    CheckedPhoto,
    Garment,
    Guide,
    Item,
    ItemDraft,
    ItemPage,
    ItemParts,
    Photo,
    Priority,
    RegionGuide,
    ServedModels,
    SuperCategory,
    Taxonomy,
)

_LARGE_PHOTO_BYTES = 256 * 1024  # hashed within some 200 microseconds

_log = structlog.get_logger(__name__)


class Catalog:
    """The shop's items. Safe for concurrent calls."""

    def __init__(
        self,
        store: CatalogStore,
        photos: PhotoAnalyzer,
        applier: ChangeApplier,
        *,
        fingerprints: VectorFingerprintGuard,
        attribute_model: AttributeModel,
    ) -> None:
        """`attribute_model` is the one of photos that name none; `fingerprints` is shared with
        searches of the same store and models."""
        self._store = store
        self._photos = photos
        self._applier = applier
        self._fingerprints = fingerprints
        self._attribute_model = attribute_model
        self._parser: tuple[Taxonomy, CategoryParser] | None = None
        self._order = ItemOrder()

    async def upsert(
        self,
        request: UpsertRequest,
        *,
        priority: Priority = Priority.INTERACTIVE,
        timeout_s: float | None = None,
    ) -> UpsertResult:
        """Add or replace an item; on return it is durable and found by searches of this process.

        The same request again changes nothing and asks no model, as long as models and rules are
        those that looked at it; while they are away, the last ones known count. Upserts and
        deletions of one id take effect in the order in which they were called here. `priority` is
        that of the photo in the vision graph; `timeout_s` is what is left of the caller's deadline
        for the analysis.

        Raises InvalidRequestError (sub_category), the image errors of `PhotoAnalyzer.check`,
        NoMatchingGarmentError, VectorFingerprintMismatchError,
        AttributeModelNotServedError, VisionUnavailableError, DeadlineExceededError,
        StoreUnavailableError.
        """
        source = request.source
        checked = self._photos.check(source) if isinstance(source, Photo) else source
        async with self._order.turn([request.item_id]) as turn:
            return await self._upsert(request, checked, turn, priority, timeout_s)

    async def _upsert(
        self,
        request: UpsertRequest,
        source: CheckedPhoto | EmbeddingSource,
        turn: Turn,
        priority: Priority,
        timeout_s: float | None,
    ) -> UpsertResult:
        models = await self._models_known_for(request)
        content = await _content_digest(request)
        digest = self._digest(request, content, models)
        stored = await self._store.get(request.item_id)
        if stored is not None and stored.source_digest == digest:
            await self._make_visible(stored.sequence_number)
            return UpsertResult(stored, UpsertOutcome.UNCHANGED)
        if isinstance(source, Photo):
            garment, models = await self._garment_of_photo(request, source, priority, timeout_s)
            # The models that answered may be others than those known before.
            digest = self._digest(request, content, models)
        else:
            garment = await self._garment_of_embedding(source)
        draft = ItemDraft(
            item_id=request.item_id,
            title=request.title,
            attributes=dict(request.attributes),
            payload=request.payload,
            garment=garment,
            source_digest=digest,
        )
        # The store refuses what was made by other models than its vectors, in the transaction.
        (result,) = await turn.write(
            self._store.upsert([draft], vector_fingerprint=models.vector_fingerprint)
        )
        self._fingerprints.wrote(models.vector_fingerprint)
        await self._make_visible(result.item.sequence_number)
        return result

    async def vector_fingerprint(self) -> str:
        """Return the fingerprint of the models that made the stored vectors; "" where there are
        none. Up to a second old. Raises StoreUnavailableError."""
        return await self._fingerprints.stored(max_age_s=FINGERPRINT_AGE_S)

    async def get(self, item_id: str, *, parts: ItemParts = ALL_PARTS) -> Item:
        """Return the item with the parts that are asked for.

        Raises ItemNotFoundError, StoreUnavailableError.
        """
        item = await self._store.get(item_id, parts=parts)
        if item is None:
            raise item_not_found(item_id)
        return item

    async def list_page(
        self,
        *,
        page_size: int = validation.DEFAULT_PAGE_SIZE,
        page_token: str = "",
        super_category: SuperCategory | None = None,
        parts: ItemParts = ALL_PARTS,
        max_bytes: int | None = None,
    ) -> ItemPage:
        """Return a page of items by id; `page_size` 1 to 1000.

        The page ends early, with an item at least, where its items have about `max_bytes`.

        Raises StoreUnavailableError.
        """
        return await self._store.list_page(
            page_size=page_size,
            after_item_id=page_token,
            super_category=super_category,
            parts=parts,
            max_bytes=max_bytes,
        )

    async def delete(self, item_ids: Sequence[str]) -> Sequence[str]:
        """Delete 1 to 1000 items in one transaction; return the ids that there were, in their
        order.

        On return searches of this process don't find them. Raises StoreUnavailableError, which
        means that nothing was deleted.
        """
        async with self._order.turn(item_ids) as turn:
            deleted = await turn.write(self._store.delete(item_ids))
            if deleted.item_ids:
                await self._make_visible(deleted.sequence_number)
        return deleted.item_ids

    async def _models_known_for(self, request: UpsertRequest) -> ServedModels:
        """Return the models that made the request's vector, or that would look at its photo."""
        if isinstance(request.source, Photo):
            return await self._fingerprints.served()
        return ServedModels(await self._fingerprints.of_caller(request.source.vector_fingerprint))

    def _digest(self, request: UpsertRequest, content: str, models: ServedModels) -> str:
        source = request.source
        if isinstance(source, Photo):
            model = source.options.attribute_model or self._attribute_model
            options = replace(source.options, attribute_model=model)
            return source_digest(content, models, options)
        return source_digest(content, models, None)

    async def _garment_of_embedding(self, source: EmbeddingSource) -> Garment:
        if source.sub_category:
            taxonomy = await self._photos.taxonomy()
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

    async def _garment_of_photo(
        self,
        request: UpsertRequest,
        photo: CheckedPhoto,
        priority: Priority,
        timeout_s: float | None,
    ) -> tuple[Garment, ServedModels]:
        """Return the garment that stands for the item, and the models that found it."""
        named = None
        if request.title:
            named = (await self._category_parser()).parse(request.title)
        guide = photo.guide
        if guide is None and named is not None:
            guide = CategoryGuide(named.super_category)
        guided = CheckedPhoto(replace(photo, guide=guide))
        analysis = await self._photos.analyze(guided, priority=priority, timeout_s=timeout_s)
        self._fingerprints.answered(analysis.served)
        chosen = choose_garment(analysis.garments, guide, named)
        if chosen is None:
            raise no_matching_garment(request.item_id, guide, analysis.dropped)
        return chosen, analysis.served

    async def _category_parser(self) -> CategoryParser:
        """The parser of the served taxonomy; while the models are away, of the last one known, so
        that it is up to the analysis whether to wait for them."""
        try:
            taxonomy = await self._photos.taxonomy()
        except VisionUnavailableError:
            if self._parser is None:
                raise
            taxonomy, _ = self._parser
        if self._parser is None or self._parser[0] is not taxonomy:
            self._parser = (taxonomy, CategoryParser(taxonomy.sub_categories))
        return self._parser[1]

    async def _make_visible(self, sequence_number: int) -> None:
        """Let searches see a change. What is durable stays acknowledged where that fails."""
        try:
            await self._applier.catch_up_to(sequence_number)
        except Exception:  # noqa: BLE001 - whatever it is, the tail tries again
            _log.warning("change_not_yet_visible", sequence=sequence_number, exc_info=True)


async def _content_digest(request: UpsertRequest) -> str:
    """Return `content_digest`; of a large photo, which takes milliseconds, beside other calls."""
    source = request.source
    if isinstance(source, Photo) and len(source.image) > _LARGE_PHOTO_BYTES:
        return await asyncio.to_thread(content_digest, request)
    return content_digest(request)


def content_digest(request: UpsertRequest) -> str:
    """Return the SHA-256 (hex) of all that was sent."""
    source = request.source
    header: dict[str, object] = {
        "title": request.title,
        "attributes": sorted(request.attributes.items()),
        "payload_bytes": len(request.payload),
    }
    parts = [request.payload]
    if isinstance(source, Photo):
        header |= {"source": "photo", "guide": _guide_key(source.guide)}
        parts.append(source.image)
    else:
        header |= {
            "source": "embedding",
            "super_category": source.super_category.label,
            "sub_category": source.sub_category,
            "has_histogram": source.color_histogram is not None,
        }
        # float32, little-endian as every machine that runs this is.
        parts.append(source.embedding.tobytes())
        if source.color_histogram is not None:
            parts.append(source.color_histogram.tobytes())
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def source_digest(content: str, models: ServedModels, options: AnalyzeOptions | None) -> str:
    """Return the SHA-256 (hex) of what was sent (its own digest is `content`) and of all that
    decides what becomes of it.

    Of a photo these are all models and rules, and the options that were used; of a ready embedding,
    whose `options` are None, the models that made it.
    """
    decides: dict[str, object] = {"content": content, "vector": models.vector_fingerprint}
    if options is not None:
        decides |= {
            "graph": models.graph_fingerprint,
            "attribute_model": options.attribute_model,
            "score_threshold": options.score_threshold,
        }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def item_not_found(item_id: str) -> ItemNotFoundError:
    """Return what to raise where there is no such item."""
    return ItemNotFoundError(f'there is no item "{item_id}"', {"item_id": item_id})


def _guide_key(guide: Guide) -> object:
    match guide:
        case CategoryGuide(category):
            return category.label
        case RegionGuide(box):
            return [box.x0, box.y0, box.x1, box.y1]
        case None:
            return None
