"""Items from the contract's messages, and which of their fields are asked for."""

from collections.abc import Iterable
from datetime import timezone

from google.protobuf.field_mask_pb2 import FieldMask

from ootd._shared import arguments
from ootd._shared.garment_conversion import garment_from_proto
from ootd._shared.item import Item
from ootd.v1 import catalog_service_pb2

_ALWAYS = "garment.super_category"
"""Asked for with every mask, so that no garment comes without its kind."""

_UTC = timezone.utc  # noqa: UP017 - Python 3.10 has no other name for it


def fields_to_proto(fields: Iterable[str] | None) -> FieldMask | None:
    """Return the mask of an item's fields, None for the default; TypeError for a single str."""
    if fields is None:
        return None
    paths = arguments.texts("fields", fields)
    covered = {"garment", _ALWAYS} & set(paths)
    return FieldMask(paths=paths if covered else [*paths, _ALWAYS])


def item_from_proto(message: catalog_service_pb2.Item) -> Item:
    """Return an item; its time is in UTC."""
    has_time = message.HasField("update_time")
    return Item(
        item_id=message.item_id,
        title=message.title,
        attributes=dict(message.attributes),
        payload=message.payload,
        garment=garment_from_proto(message.garment),
        sequence_number=message.sequence_number,
        update_time=message.update_time.ToDatetime(tzinfo=_UTC) if has_time else None,
        vector_fingerprint=message.vector_fingerprint,
    )
