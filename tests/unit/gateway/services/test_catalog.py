import asyncio
from typing import Any

import pytest
from catalog_shop import (
    BAG,
    BOTTOM,
    OTHER_PHOTO,
    PHOTO,
    SHIRT,
    SHOES,
    SKIRT,
    TOP,
    Shop,
    photo,
    ready,
)

from catalog_builders import encoded_photo
from ootd_gateway.errors import (
    ImageError,
    InvalidRequestError,
    ItemNotFoundError,
    NoMatchingGarmentError,
    OotdError,
    StoreUnavailableError,
    VectorFingerprintMismatchError,
    VisionUnavailableError,
)
from ootd_gateway.services.catalog.domain import (
    Catalog,
    content_digest,
    source_digest,
)
from ootd_gateway.services.catalog.types import UpsertRequest
from ootd_gateway.services.vector_fingerprint_guard import VectorFingerprintGuard
from ootd_gateway.services.vision.domain import PhotoAnalyzer
from ootd_gateway.types import (
    USUAL,
    AnalyzeOptions,
    AttributeModel,
    Box,
    CategoryGuide,
    ImageAnalysis,
    Photo,
    Priority,
    RegionGuide,
    ServedModels,
    SuperCategory,
)


async def test_a_photo_becomes_an_item_that_is_stored_and_found(shop: Shop) -> None:
    request = photo(title="Red thing", attributes={"brand": "Acme"}, payload=b"\x00\xff")
    result = await shop.catalog.upsert(request)
    assert result.changed
    item = await shop.catalog.get("a")
    assert (item.title, item.attributes, item.payload) == (
        "Red thing",
        {"brand": "Acme"},
        b"\x00\xff",
    )
    assert item.garment.box == SHIRT.box
    assert shop.found(1, TOP) == [item.key]
    assert shop.index.applied_sequence_number == item.sequence_number


async def test_the_same_request_again_asks_no_model(shop: Shop) -> None:
    await shop.catalog.upsert(photo())
    again = await shop.catalog.upsert(photo())
    assert not again.changed
    assert len(shop.vision.guides) == 1
    shop.vision.is_away = True  # and needs none
    assert not (await shop.catalog.upsert(photo())).changed


@pytest.mark.parametrize(
    "change",
    [
        {"title": "New"},
        {"attributes": {"brand": "B"}},
        {"payload": b"x"},
        {"source": Photo(PHOTO, CategoryGuide(TOP))},
        {"source": Photo(PHOTO, RegionGuide(Box(0, 0, 1, 1)))},
        {"source": Photo(PHOTO, RegionGuide(Box(0, 0, 1, 0.5)))},
        {"source": ready().source},
    ],
)
async def test_any_change_of_the_request_is_stored(shop: Shop, change: dict[str, Any]) -> None:
    first = await shop.catalog.upsert(photo())
    second = await shop.catalog.upsert(photo(**change))
    assert second.changed
    assert second.item.key == first.item.key
    assert shop.index.count() == 1


def test_digests_tell_apart_what_looks_alike() -> None:
    requests = [
        photo(),
        photo(payload=PHOTO, source=Photo(b"")),
        photo(title="x"),
        photo(attributes={"x": "y"}),
        photo(attributes={"x": "", "y": ""}),
        ready(),
        ready(color_histogram=None),
        ready(sub_category=""),
        ready(super_category=BAG),
        ready(seed=10),
    ]
    contents = {content_digest(one) for one in requests}
    assert len(contents) == len(requests)
    one, other = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert content_digest(photo(attributes=one)) == content_digest(photo(attributes=other))
    models = [ServedModels(vector, graph) for vector in "rs" for graph in "tu"]
    options = [
        USUAL,
        AnalyzeOptions(attribute_model=AttributeModel.TAGGER),
        AnalyzeOptions(attribute_model=AttributeModel.SEQUENCER),
        AnalyzeOptions(score_threshold=0.0),
    ]
    digests = {source_digest("c", model, option) for model in models for option in options}
    assert len(digests) == len(models) * len(options)
    # No model but its own looked at a ready embedding.
    assert len({source_digest("c", model, None) for model in models}) == 2


@pytest.mark.parametrize(
    ("guide", "title", "wanted"),
    [
        (None, "", (TOP, "shirt", 0.5)),
        (None, "Blue jeans", (BOTTOM, "jeans", 1.0)),
        (None, "Midi skirt", (BOTTOM, "skirt", 1.0)),
        (None, "Shorts", (BOTTOM, "shorts", 1.0)),
        (CategoryGuide(BOTTOM), "", (BOTTOM, "skirt", 0.5)),
        (CategoryGuide(BOTTOM), "jeans", (BOTTOM, "jeans", 1.0)),
        (CategoryGuide(TOP), "jeans", (TOP, "shirt", 0.5)),
        (None, "Silk top", (TOP, "shirt", 0.5)),
        (None, "Something", (TOP, "shirt", 0.5)),
    ],
)
async def test_guide_and_title_choose_the_garment(
    shop: Shop,
    guide: CategoryGuide | None,
    title: str,
    wanted: tuple[SuperCategory, str, float],
) -> None:
    result = await shop.catalog.upsert(photo(source=Photo(PHOTO, guide), title=title))
    chosen = result.item.garment
    assert (chosen.super_category, chosen.sub_category, chosen.sub_category_score) == wanted


async def test_the_models_get_the_guide(shop: Shop) -> None:
    region = RegionGuide(Box(0.0, 0.0, 0.5, 0.5))
    await shop.catalog.upsert(photo("a", title="jeans"))
    await shop.catalog.upsert(photo("b"))
    await shop.catalog.upsert(photo("c", source=Photo(PHOTO, region), title="jeans"))
    assert shop.vision.guides == [CategoryGuide(BOTTOM), None, region]


@pytest.mark.parametrize(
    ("request_", "category"),
    [
        (photo(source=Photo(PHOTO, CategoryGuide(BAG))), "bag"),
        (photo(title="Leather bag"), "bag"),
        (photo(source=Photo(OTHER_PHOTO)), "any"),
    ],
)
async def test_no_matching_garment_changes_nothing(
    shop: Shop, request_: UpsertRequest, category: str
) -> None:
    await shop.catalog.upsert(photo())
    with pytest.raises(NoMatchingGarmentError) as caught:
        await shop.catalog.upsert(request_)
    assert caught.value.metadata == {"item_id": "a", "category": category}
    assert (await shop.catalog.get("a")).title == ""
    assert await shop.store.last_sequence_number() == 1


async def test_a_ready_embedding(shop: Shop) -> None:
    result = await shop.catalog.upsert(ready())
    assert shop.vision.guides == []
    stored = (await shop.catalog.get("a")).garment
    assert (stored.super_category, stored.sub_category, stored.box) == (SHOES, "boots", None)
    assert shop.found(9, SHOES) == [result.item.key]


async def test_a_sub_category_of_another_super_category(shop: Shop) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await shop.catalog.upsert(ready(sub_category="jeans"))
    assert [one.field for one in caught.value.violations] == ["embedding.sub_category"]


async def test_a_photo_that_is_none_is_refused_before_any_model_is_asked(shop: Shop) -> None:
    for image in (b"", b"text", PHOTO[:-30], encoded_photo(1, 1, "PNG")):
        with pytest.raises(ImageError):
            await shop.catalog.upsert(photo(source=Photo(image)))
    assert shop.vision.guides == []
    assert await shop.store.last_sequence_number() == 0


async def test_other_models_are_refused(shop: Shop) -> None:
    await shop.catalog.upsert(photo())
    shop.vision.served_vectors = "vectors-b"
    for request in (photo(), photo("b"), ready("c")):
        with pytest.raises(VectorFingerprintMismatchError) as caught:
            await shop.catalog.upsert(request)
        assert caught.value.metadata == {"stored": "vectors-a", "served": "vectors-b"}
    assert (await shop.catalog.list_page()).total_size == 1
    await shop.catalog.delete(["a"])
    assert (await shop.catalog.upsert(photo())).changed
    assert await shop.catalog.vector_fingerprint() == "vectors-b"


async def test_what_answered_decides_not_what_is_told(shop: Shop) -> None:
    """Of several vision servers, some have other models for a while."""
    await shop.catalog.upsert(photo())
    shop.vision.told = ServedModels("vectors-a", "graph-a")
    shop.vision.served_vectors = "vectors-b"
    with pytest.raises(VectorFingerprintMismatchError) as caught:
        await shop.catalog.upsert(photo("b"))
    assert caught.value.metadata == {"stored": "vectors-a", "served": "vectors-b"}
    # And the other way round: one that answers with the right models is not refused unasked.
    shop.vision.told = ServedModels("vectors-b", "graph-b")
    shop.vision.served_vectors = "vectors-a"
    assert (await shop.catalog.upsert(photo("b"))).changed


async def test_new_rules_look_at_the_same_upload_again(shop: Shop) -> None:
    await shop.catalog.upsert(photo())
    shop.vision.served_graph = "graph-b"
    shop.vision.table[PHOTO] = (SKIRT,)
    again = await shop.catalog.upsert(photo())
    assert again.changed
    assert again.item.garment.sub_category == "skirt"
    assert not (await shop.catalog.upsert(photo())).changed
    assert len(shop.vision.guides) == 2
    # A ready embedding was looked at by none of them.
    await shop.catalog.upsert(ready("b"))
    shop.vision.served_graph = "graph-c"
    assert not (await shop.catalog.upsert(ready("b"))).changed


async def test_an_upload_that_is_analysed_otherwise_is_another_one(shop: Shop) -> None:
    sequencer = AnalyzeOptions(attribute_model=AttributeModel.SEQUENCER)
    await shop.catalog.upsert(photo())
    by_name = AnalyzeOptions(attribute_model=AttributeModel.TAGGER)
    for options, changes in ((by_name, False), (sequencer, True), (sequencer, False)):
        source = Photo(PHOTO, options=options)
        assert (await shop.catalog.upsert(photo(source=source))).changed is changes
    assert shop.vision.options == [USUAL, sequencer]
    # What is usual may change, too.
    catalog = Catalog(
        shop.store,
        PhotoAnalyzer(shop.vision),
        shop.applier,
        fingerprints=VectorFingerprintGuard(shop.store, shop.vision),
        attribute_model=AttributeModel.SEQUENCER,
    )
    assert not (await catalog.upsert(photo())).changed


async def test_while_models_are_away_the_last_known_count(shop: Shop) -> None:
    shop.vision.told = ServedModels("vectors-a", "an older graph")
    await shop.catalog.upsert(photo())
    shop.vision.is_away = True
    assert not (await shop.catalog.upsert(photo())).changed
    with pytest.raises(VisionUnavailableError):
        await shop.catalog.upsert(photo(title="New"))


async def test_it_is_up_to_the_analysis_whether_to_wait_for_models_that_are_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.catalog.upsert(photo(title="Blue jeans"))
    shop.vision.is_away = True
    analyze, asked = shop.vision.analyze, []

    async def patient(photo: Photo, **options: Any) -> ImageAnalysis:
        asked.append(photo.guide)
        shop.vision.is_away = False
        return await analyze(photo, **options)

    monkeypatch.setattr(shop.vision, "analyze", patient)
    result = await shop.catalog.upsert(photo("other", title="Blue jeans"))
    assert result.changed
    assert asked == [shop.vision.guides[0]], "the title names the category as before"


async def test_a_ready_embedding_may_name_its_models(shop: Shop) -> None:
    # Nothing is stored: the served ones count.
    with pytest.raises(VectorFingerprintMismatchError) as caught:
        await shop.catalog.upsert(ready(vector_fingerprint="vectors-b"))
    assert caught.value.metadata == {"stored": "vectors-a", "served": "vectors-b"}
    assert (await shop.catalog.upsert(ready(vector_fingerprint="vectors-a"))).changed
    assert await shop.catalog.vector_fingerprint() == "vectors-a", "at once"
    assert not (await shop.catalog.upsert(ready())).changed, "the same, whether said or not"
    # Now the stored ones count, whatever is served, or nothing.
    shop.vision.served_vectors = "vectors-b"
    assert (await shop.catalog.upsert(ready("b", vector_fingerprint="vectors-a"))).changed
    for request in (ready("c", vector_fingerprint="vectors-b"), ready("c")):
        with pytest.raises(VectorFingerprintMismatchError):
            await shop.catalog.upsert(request)
    shop.vision.is_away = True
    stated = ready("d", sub_category="", vector_fingerprint="vectors-a")
    assert (await shop.catalog.upsert(stated)).changed


async def test_models_that_are_away(shop: Shop) -> None:
    shop.vision.is_away = True
    with pytest.raises(VisionUnavailableError):
        await shop.catalog.upsert(photo())
    assert await shop.store.last_sequence_number() == 0


async def test_reads_and_deletes(shop: Shop) -> None:
    await shop.catalog.upsert(ready("a", 1))
    await shop.catalog.upsert(ready("b", 2))
    await shop.catalog.upsert(photo("c"))
    page = await shop.catalog.list_page(page_size=2)
    assert ([one.item_id for one in page.items], page.next_page_token, page.total_size) == (
        ["a", "b"],
        "b",
        3,
    )
    page = await shop.catalog.list_page(page_token="b")
    assert ([one.item_id for one in page.items], page.next_page_token) == (["c"], "")
    assert (await shop.catalog.list_page(super_category=SHOES)).total_size == 2
    assert list(await shop.catalog.delete(["b", "x"])) == ["b"]
    assert shop.found(2, SHOES) == []
    with pytest.raises(ItemNotFoundError) as caught:
        await shop.catalog.get("b")
    assert caught.value.metadata == {"item_id": "b"}


async def test_a_deletion_that_is_durable_is_answered(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.catalog.upsert(ready())

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailableError("away")

    for reading in ("last_sequence_number", "changes_after", "get"):
        monkeypatch.setattr(shop.store, reading, away)
    assert list(await shop.catalog.delete(["a"])) == ["a"]


async def test_the_photos_options_and_priority_go_to_the_models(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    analyze = shop.vision.analyze

    async def watched(photo: Photo, **kwargs: Any) -> Any:
        seen.append((photo.options, kwargs["priority"]))
        return await analyze(photo, **kwargs)

    monkeypatch.setattr(shop.vision, "analyze", watched)
    options = AnalyzeOptions(0.3, AttributeModel.SEQUENCER)
    request = photo(source=Photo(PHOTO, options=options))
    await shop.catalog.upsert(photo())
    assert (await shop.catalog.upsert(request, priority=Priority.BULK)).changed
    assert not (await shop.catalog.upsert(request)).changed
    assert seen == [(AnalyzeOptions(), Priority.INTERACTIVE), (options, Priority.BULK)]


async def test_many_at_once_are_all_visible(shop: Shop) -> None:
    async def upsert(number: int) -> None:
        result = await shop.catalog.upsert(ready(f"{number}", number))
        assert shop.found(number, SHOES) == [result.item.key]

    await asyncio.gather(*(upsert(number) for number in range(100)))
    assert shop.index.count() == 100


async def test_what_is_durable_is_acknowledged(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the index cannot follow at once, the item is stored all the same, and found later."""

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(shop.store, "changes_after", away)
    result = await shop.catalog.upsert(ready())
    assert result.changed
    assert shop.found(9, SHOES) == []
    monkeypatch.undo()
    assert not (await shop.catalog.upsert(ready())).changed
    assert shop.found(9, SHOES) == [result.item.key]


async def test_every_error_is_one_that_callers_are_told(shop: Shop) -> None:
    await shop.database.close()
    for call in (shop.catalog.get("a"), shop.catalog.upsert(ready()), shop.catalog.list_page()):
        with pytest.raises(OotdError):
            await call
