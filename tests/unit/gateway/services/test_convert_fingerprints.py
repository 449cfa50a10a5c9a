"""Which models made a vector: as callers state it, and as answers carry it."""

from datetime import UTC, datetime

import pytest

from catalog_builders import garment
from ootd.v1 import catalog_service_pb2, photo_pb2, search_service_pb2
from ootd.v1.garment_pb2 import Embedding
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_TOP
from ootd_gateway.errors import InvalidRequestError
from ootd_gateway.services.catalog import conversion as catalog_conversion
from ootd_gateway.services.catalog.item_fields import item_message
from ootd_gateway.services.catalog.types import EmbeddingSource
from ootd_gateway.services.search import conversion as search_conversion
from ootd_gateway.services.vision import conversion as vision_conversion
from ootd_gateway.types import (
    AnalyzeOptions,
    AttributeModel,
    ImageAnalysis,
    Item,
    Photo,
    ServedModels,
)

VECTOR = Embedding(values=[1.0] * 128)
FINGERPRINT = "3f2a81d0c4b5e697-81d03f2ac4b5e697"


def ready(fingerprint: str) -> catalog_service_pb2.UpsertItemsRequest:
    return catalog_service_pb2.UpsertItemsRequest(
        item_id="a",
        embedding=catalog_service_pb2.ItemEmbedding(
            embedding=VECTOR, super_category=SUPER_CATEGORY_TOP, vector_fingerprint=fingerprint
        ),
    )


def test_an_upsert_may_state_it() -> None:
    for fingerprint in ("", FINGERPRINT):
        source = catalog_conversion.upsert(ready(fingerprint)).source
        assert isinstance(source, EmbeddingSource)
        assert source.vector_fingerprint == fingerprint


@pytest.mark.parametrize("bad", ["a b", "x" * 65, "é", "3f2a\n", '"'])
def test_what_is_none_is_named(bad: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        catalog_conversion.upsert(ready(bad))
    (violation,) = raised.value.violations
    assert violation.field == "embedding.vector_fingerprint"
    assert FINGERPRINT in violation.description
    request = search_service_pb2.SearchByEmbeddingRequest(
        embedding=VECTOR, super_category=SUPER_CATEGORY_TOP, vector_fingerprint=bad
    )
    with pytest.raises(InvalidRequestError, match="vector_fingerprint"):
        search_conversion.embedding_query(request)


def test_an_upsert_says_how_its_photo_is_to_be_analysed() -> None:
    options = photo_pb2.AnalyzeOptions(
        score_threshold=0.5, attribute_model=photo_pb2.ATTRIBUTE_MODEL_SEQUENCER
    )
    request = catalog_service_pb2.UpsertItemsRequest(
        item_id="a", photo=photo_pb2.Photo(image=b"x", options=options)
    )
    source = catalog_conversion.upsert(request).source
    assert source == Photo(b"x", None, AnalyzeOptions(0.5, AttributeModel.SEQUENCER))
    request.photo.options.score_threshold = 2
    with pytest.raises(InvalidRequestError, match=r"photo\.options\.score_threshold"):
        catalog_conversion.upsert(request)


def test_an_analysis_carries_it() -> None:
    analysis = ImageAnalysis(640, 480, (), served=ServedModels(FINGERPRINT, "graph"))
    assert vision_conversion.image_analysis(analysis).vector_fingerprint == FINGERPRINT


def test_an_item_carries_it_with_its_vectors_alone() -> None:
    item = Item(
        key=1,
        item_id="a",
        title="",
        attributes={},
        payload=b"",
        garment=garment(),
        source_digest="d",
        sequence_number=1,
        update_time=datetime(2026, 1, 2, tzinfo=UTC),
    )
    for with_vectors, expected in ((True, FINGERPRINT), (False, "")):
        message = item_message(item, with_vectors=with_vectors, vector_fingerprint=FINGERPRINT)
        assert message.vector_fingerprint == expected
