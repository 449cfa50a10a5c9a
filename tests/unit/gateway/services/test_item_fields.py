"""Field masks of items: what is chosen, what is read for it, what is refused."""

from datetime import UTC, datetime

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from catalog_builders import garment
from ootd_gateway.services.catalog.item_fields import (
    WHOLE_ITEM,
    WITHOUT_VECTORS,
    ItemFields,
    item_fields,
)
from ootd_gateway.types import Item, ItemParts
from ootd_gateway.validation import Violations

ITEM = Item(
    key=1,
    item_id="sku-1",
    title="Blazer",
    attributes={"brand": "Acme"},
    payload=b"price",
    garment=garment(1),
    source_digest="d",
    sequence_number=7,
    update_time=datetime(2024, 1, 2, tzinfo=UTC),
)


def parsed(*paths: str) -> ItemFields:
    violations = Violations()
    fields = item_fields(FieldMask(paths=paths), "f", violations, default=WHOLE_ITEM)
    violations.check()
    return fields


def fault(*paths: str) -> tuple[str, str]:
    violations = Violations()
    item_fields(FieldMask(paths=paths), "f", violations, default=WHOLE_ITEM)
    (one,) = violations._found
    return one.field, one.description


def test_an_empty_mask_is_the_default() -> None:
    assert parsed() is WHOLE_ITEM
    message = WITHOUT_VECTORS.message(ITEM)
    assert (message.title, message.payload) == ("Blazer", b"price")
    assert message.garment.sub_category
    assert not message.garment.HasField("embedding")
    assert len(WHOLE_ITEM.message(ITEM).garment.embedding.values) == 128


def test_what_is_named_comes_and_the_id_always() -> None:
    message = parsed("title", "garment.box.x0", "attributes").message(ITEM)
    assert (message.item_id, message.title, dict(message.attributes)) == (
        "sku-1",
        "Blazer",
        {"brand": "Acme"},
    )
    assert ITEM.garment.box is not None
    assert message.garment.box.x0 == ITEM.garment.box.x0
    assert message.garment.box.x1 == 0
    assert (message.payload, message.garment.sub_category, message.sequence_number) == (b"", "", 0)


@pytest.mark.parametrize(
    ("paths", "parts"),
    [
        (["title"], ItemParts(payload=False, vectors=False, attributes=False)),
        (["payload", "attributes"], ItemParts(payload=True, vectors=False)),
        (["garment"], ItemParts(payload=False, attributes=False)),
        (["garment.embedding.values"], ItemParts(payload=False, attributes=False)),
        (["garment.color_histogram", "payload"], ItemParts(attributes=False)),
        (["garment.score", "garment.box"], ItemParts(False, False, False)),
    ],
)
def test_large_parts_are_read_only_where_they_are_named(paths: list[str], parts: ItemParts) -> None:
    assert parsed(*paths).parts == parts


def test_unknown_paths_are_refused_with_the_names_that_there_are() -> None:
    field, text = fault("title", "titel")
    assert field == "f.paths[1]"
    assert "payload" in text
    assert "titel" in text
    field, text = fault("garment.colour")
    assert "color_histogram" in text
    for odd in ("", ".", "title.", "garment..box", "*", "Title", "item.title", "\x1b[31m"):
        field, text = fault(odd)
        assert field == "f.paths[0]"
        assert text.isprintable()


@pytest.mark.parametrize(
    "path", ["title.x", "attributes.brand", "garment.attributes.group", "garment.score.x"]
)
def test_paths_into_lists_maps_and_values_are_refused(path: str) -> None:
    assert "must not go into" in fault(path)[1]


def test_many_paths_are_refused_at_once() -> None:
    assert fault(*["title"] * 100_000) == ("f.paths", "must hold at most 64 paths, holds 100000")
