"""Messages to domain terms and back."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    photo_pb2,
    search_service_pb2,
    taxonomy_pb2,
)
from ootd_gateway.errors import InvalidRequestError
from ootd_gateway.services.catalog import conversion as catalog_conversion
from ootd_gateway.services.catalog.item_fields import WITHOUT_VECTORS, item_message
from ootd_gateway.services.catalog.types import EmbeddingSource
from ootd_gateway.services.search import conversion as search_conversion
from ootd_gateway.services.search.types import Hit, HitOptions
from ootd_gateway.services.vision import conversion as vision_conversion
from ootd_gateway.types import (
    NO_VECTORS,
    AnalyzeOptions,
    Attribute,
    AttributeGroup,
    AttributeModel,
    Box,
    BoxOrigin,
    CategoryGuide,
    DroppedGarment,
    DropReason,
    Garment,
    ImageAnalysis,
    Item,
    Photo,
    RegionGuide,
    SuperCategory,
    Taxonomy,
)
from ootd_index.vector_index import ScoreParts
from photo_requests import analyze_request, search_request, stream_request


def fields_at_fault(error: InvalidRequestError) -> list[str]:
    return [one.field for one in error.violations]


def test_no_guide_is_none() -> None:
    request = analyze_request(b"x")
    assert vision_conversion.photo_of_call(request) == Photo(b"x", None)


@pytest.mark.parametrize("category", list(SuperCategory))
def test_categories_keep_their_names(category: SuperCategory) -> None:
    number = taxonomy_pb2.SuperCategory.Value(f"SUPER_CATEGORY_{category.name}")
    request = analyze_request(b"x", guide={"category": number})
    assert vision_conversion.photo_of_call(request).guide == CategoryGuide(category)
    assert vision_conversion.super_category(category) == number


def test_a_region_is_taken_over() -> None:
    region = {"x0": 0.25, "y0": 0.5, "x1": 0.75, "y1": 1.0}
    request = analyze_request(b"x", guide={"region": region})
    photo = vision_conversion.photo_of_call(request)
    assert photo.guide == RegionGuide(Box(0.25, 0.5, 0.75, 1.0))


def test_options_that_are_not_given_are_none() -> None:
    request = analyze_request(b"x")
    assert vision_conversion.photo_of_call(request).options == AnalyzeOptions()
    element = stream_request(b"x", options={})
    assert vision_conversion.photo_of_element(element).options == AnalyzeOptions()


@pytest.mark.parametrize("model", list(AttributeModel))
def test_options_are_taken_over(model: AttributeModel) -> None:
    number = photo_pb2.AttributeModel.Value(f"ATTRIBUTE_MODEL_{model.name}")
    options = {"score_threshold": 0.0, "attribute_model": number}
    expected = AnalyzeOptions(0.0, model)
    request = analyze_request(b"x", options=options)
    assert vision_conversion.photo_of_call(request).options == expected
    element = stream_request(b"x", options=options)
    assert vision_conversion.photo_of_element(element).options == expected


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"score_threshold": -0.1}, "photo.options.score_threshold"),
        ({"score_threshold": 1.5}, "photo.options.score_threshold"),
        ({"score_threshold": float("nan")}, "photo.options.score_threshold"),
        ({"attribute_model": 3}, "photo.options.attribute_model"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], field: str) -> None:
    request = analyze_request(b"", options=options)
    with pytest.raises(InvalidRequestError) as raised:
        vision_conversion.photo_of_call(request)
    assert fields_at_fault(raised.value) == ["photo.image", field]


@pytest.mark.parametrize(
    ("guide", "field"),
    [
        ({"category": 0}, "photo.guide.category"),
        ({"category": 7}, "photo.guide.category"),
        ({"region": {"x0": 0.5, "x1": 0.5, "y1": 1}}, "photo.guide.region.x1"),
        ({"region": {"x0": 0.6, "x1": 0.5, "y1": 1}}, "photo.guide.region.x1"),
        ({"region": {"x1": 1.5, "y1": 1}}, "photo.guide.region.x1"),
        ({"region": {"x0": -0.1, "x1": 1, "y1": 1}}, "photo.guide.region.x0"),
        ({"region": {"x0": float("nan"), "x1": 1, "y1": 1}}, "photo.guide.region.x0"),
        ({"region": {}}, "photo.guide.region.x1"),
    ],
)
def test_a_bad_guide_is_named(guide: dict[str, object], field: str) -> None:
    request = analyze_request(b"x", guide=guide)
    with pytest.raises(InvalidRequestError) as raised:
        vision_conversion.photo_of_call(request)
    assert field in fields_at_fault(raised.value)


def test_all_faults_of_a_search_are_told_at_once() -> None:
    request = search_request(b"", guide={"category": 9}, k=0)
    with pytest.raises(InvalidRequestError) as raised:
        search_conversion.photo_query(request)
    assert sorted(fields_at_fault(raised.value)) == ["k", "photo.guide.category", "photo.image"]


def test_k_defaults_to_ten_but_zero_is_refused() -> None:
    query = search_service_pb2.SearchByItemRequest(item_id="sku-1")
    item_id, wanted = search_conversion.item_query(query)
    assert (item_id, wanted.options, wanted.with_parts) == ("sku-1", HitOptions(), False)
    assert (wanted.options.k, wanted.options.parts) == (10, NO_VECTORS)
    for k in (0, 1001, 100_000):
        query.k = k
        with pytest.raises(InvalidRequestError):
            search_conversion.item_query(query)


def test_an_embedding_query_is_normalised() -> None:
    values = [0.0] * 128
    values[3] = 5.0
    request = search_service_pb2.SearchByEmbeddingRequest(
        embedding=garment_pb2.Embedding(values=values),
        super_category=taxonomy_pb2.SUPER_CATEGORY_SHOES,
        color_histogram=[2.0] * 56,
        k=7,
    )
    query, wanted = search_conversion.embedding_query(request)
    assert query.embedding.tolist()[3] == 1.0
    assert query.embedding.dtype == np.float32
    assert query.super_category is SuperCategory.SHOES
    assert query.color_histogram is not None
    assert query.color_histogram.sum() == pytest.approx(1.0)
    assert wanted.options.k == 7


@pytest.mark.parametrize("values", [[], [1.0] * 127, [float("nan")] + [1.0] * 127, [0.0] * 128])
def test_a_bad_embedding_is_named(values: list[float]) -> None:
    request = search_service_pb2.SearchByEmbeddingRequest(
        embedding=garment_pb2.Embedding(values=values),
        super_category=taxonomy_pb2.SUPER_CATEGORY_TOP,
    )
    with pytest.raises(InvalidRequestError) as raised:
        search_conversion.embedding_query(request)
    assert fields_at_fault(raised.value)[0].startswith("embedding.values")


def test_an_upsert_with_a_photo() -> None:
    request = catalog_service_pb2.UpsertItemsRequest(
        item_id="sku-1",
        photo=photo_pb2.Photo(
            image=b"x", guide=garment_pb2.Guide(category=taxonomy_pb2.SUPER_CATEGORY_SHOES)
        ),
        title="Boots",
        attributes={"brand": "Acme"},
        payload=b"\x00\x01",
    )
    upsert = catalog_conversion.upsert(request)
    assert upsert.source == Photo(b"x", CategoryGuide(SuperCategory.SHOES))
    assert (upsert.item_id, upsert.title, upsert.payload) == ("sku-1", "Boots", b"\x00\x01")
    assert upsert.attributes == {"brand": "Acme"}


def test_an_upsert_with_an_embedding() -> None:
    request = catalog_service_pb2.UpsertItemsRequest(
        item_id="sku-1",
        embedding=catalog_service_pb2.ItemEmbedding(
            embedding=garment_pb2.Embedding(values=[1.0] * 128),
            super_category=taxonomy_pb2.SUPER_CATEGORY_TOP,
            sub_category="shirt",
        ),
    )
    source = catalog_conversion.upsert(request).source
    assert isinstance(source, EmbeddingSource)
    assert source.super_category is SuperCategory.TOP
    assert source.sub_category == "shirt"
    assert source.color_histogram is None
    assert np.linalg.norm(source.embedding) == pytest.approx(1.0)


def test_all_faults_of_an_upsert_are_told_at_once() -> None:
    request = catalog_service_pb2.UpsertItemsRequest(
        item_id="a b", title="x\x07", attributes={"": "v"}, payload=b"x" * 20_000
    )
    with pytest.raises(InvalidRequestError) as raised:
        catalog_conversion.upsert(request)
    found = fields_at_fault(raised.value)
    for field in ("item_id", "source", "title", "payload"):
        assert field in found
    assert any(one.startswith("attributes") for one in found)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (search_service_pb2.HitOptions(offset=10_001), "hit_options.offset"),
        (search_service_pb2.HitOptions(min_score=1.1), "hit_options.min_score"),
        (search_service_pb2.HitOptions(min_score=float("nan")), "hit_options.min_score"),
    ],
)
def test_odd_options_of_hits_are_named(options: search_service_pb2.HitOptions, field: str) -> None:
    request = search_service_pb2.SearchByItemRequest(item_id="x" * 10_000, hit_options=options)
    with pytest.raises(InvalidRequestError) as raised:
        search_conversion.item_query(request)
    assert fields_at_fault(raised.value) == ["item_id", field]


def test_pages_and_deletes() -> None:
    request = catalog_service_pb2.ListItemsRequest(super_category=taxonomy_pb2.SUPER_CATEGORY_BAG)
    query = catalog_conversion.page_query(request)
    assert (query.page_size, query.super_category) == (100, SuperCategory.BAG)
    for bad in ({"page_size": 0}, {"page_token": " "}):
        with pytest.raises(InvalidRequestError):
            catalog_conversion.page_query(catalog_service_pb2.ListItemsRequest(**bad))
    for item_id in ("", "x" * 10_000):
        with pytest.raises(InvalidRequestError):
            catalog_conversion.item_id(catalog_service_pb2.GetItemRequest(item_id=item_id))
    with pytest.raises(InvalidRequestError):
        catalog_conversion.item_ids(catalog_service_pb2.DeleteItemsRequest())


def garment() -> Garment:
    return Garment(
        super_category=SuperCategory.DRESS,
        embedding=np.arange(128, dtype=np.float32),
        color_histogram=np.full(56, 1 / 56, np.float32),
        box=Box(0.0, 0.25, 0.5, 1.0),
        box_origin=BoxOrigin.WHOLE_PHOTO,
        score=0.5,
        sub_category="romper",
        sub_category_score=0.75,
        attributes=(Attribute("color", "navy", 0.25),),
    )


def test_an_analysis_is_told_whole() -> None:
    message = vision_conversion.image_analysis(
        ImageAnalysis(
            640, 480, (garment(),), (DroppedGarment(garment(), DropReason.EXPLAINED_BY_DRESS),)
        )
    )
    assert (message.width, message.height) == (640, 480)
    (kept,) = message.garments
    assert (kept.box.x0, kept.box.y0, kept.box.x1, kept.box.y1) == (0.0, 0.25, 0.5, 1.0)
    assert kept.box_origin == garment_pb2.BOX_ORIGIN_WHOLE_PHOTO
    assert kept.super_category == taxonomy_pb2.SUPER_CATEGORY_DRESS
    assert (kept.sub_category, kept.sub_category_score, kept.score) == ("romper", 0.75, 0.5)
    assert list(kept.embedding.values) == list(range(128))
    assert len(kept.color_histogram) == 56
    assert (kept.attributes[0].group, kept.attributes[0].value) == ("color", "navy")
    assert message.dropped[0].reason == garment_pb2.DROP_REASON_EXPLAINED_BY_DRESS


@pytest.mark.parametrize("reason", list(DropReason))
def test_drop_reasons_keep_their_names(reason: DropReason) -> None:
    (message,) = vision_conversion.dropped_garments((DroppedGarment(garment(), reason),))
    assert message.reason == garment_pb2.DropReason.Value(f"DROP_REASON_{reason.name}")


@pytest.mark.parametrize("origin", list(BoxOrigin))
def test_box_origins_keep_their_names(origin: BoxOrigin) -> None:
    made = Garment(SuperCategory.TOP, np.zeros(128, np.float32), box_origin=origin)
    expected = garment_pb2.BoxOrigin.Value(f"BOX_ORIGIN_{origin.name}")
    assert vision_conversion.garment(made).box_origin == expected


def item() -> Item:
    return Item(
        key=1,
        item_id="sku-1",
        title="Romper",
        attributes={"brand": "Acme"},
        payload=b"\x00",
        garment=garment(),
        source_digest="d",
        sequence_number=9,
        update_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def test_an_item_goes_with_or_without_its_vectors() -> None:
    whole = item_message(item(), with_vectors=True)
    assert len(whole.garment.embedding.values) == 128
    light = item_message(item(), with_vectors=False)
    assert not light.garment.HasField("embedding")
    assert len(light.garment.color_histogram) == 0
    assert light.payload == b"\x00"
    assert light.update_time.ToDatetime(UTC) == item().update_time
    assert light.sequence_number == 9


def test_an_item_of_a_ready_embedding_has_no_box() -> None:
    made = Garment(SuperCategory.TOP, np.zeros(128, np.float32))
    message = vision_conversion.garment(made)
    assert not message.HasField("box")
    assert message.box_origin == garment_pb2.BOX_ORIGIN_UNSPECIFIED
    assert len(message.color_histogram) == 0


def test_a_hits_score_can_be_recomputed_from_its_parts() -> None:
    found = Hit(item(), ScoreParts(0.8, 0.4, 0.25))
    message = search_conversion.hit(found, WITHOUT_VECTORS.message(item()), with_parts=True)
    parts = message.parts
    recomputed = parts.appearance_weight * parts.appearance + parts.color_weight * parts.color
    assert message.score == pytest.approx(recomputed)
    assert message.score == pytest.approx(0.7)
    bare = search_conversion.hit(found, WITHOUT_VECTORS.message(item()), with_parts=False)
    assert not bare.HasField("parts")


def test_the_taxonomy_is_told_in_its_order() -> None:
    taxonomy = Taxonomy(
        4,
        {SuperCategory.BAG: ("purse",), SuperCategory.TOP: ("shirt",)},
        (AttributeGroup("color", "categorical", ("red",)), AttributeGroup("p", "multi_label", ())),
    )
    message = vision_conversion.taxonomy(taxonomy)
    assert [one.name for one in message.categories] == ["bag", "top"]
    assert [one.kind for one in message.attribute_groups] == [
        taxonomy_pb2.AttributeGroup.KIND_CATEGORICAL,
        taxonomy_pb2.AttributeGroup.KIND_MULTI_LABEL,
    ]
