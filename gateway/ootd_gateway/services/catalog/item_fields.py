"""Which fields of items an answer carries."""

from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask

from ootd.v1.catalog_service_pb2 import Item as ItemMessage
from ootd_gateway.services.vision import conversion as vision_conversion
from ootd_gateway.types import ALL_PARTS, NO_VECTORS, Item, ItemParts
from ootd_gateway.validation import Violations, shown

MAX_PATHS = 64

_VECTORS = ("garment.embedding", "garment.color_histogram", "vector_fingerprint")


@dataclass(frozen=True, slots=True)
class ItemFields:
    """Which fields of items are wanted: `mask`, or, where it is None, all within `parts`.

    `parts` are the large ones that must be read for it.
    """

    parts: ItemParts
    mask: FieldMask | None = None

    def message(self, item: Item, vector_fingerprint: str = "") -> ItemMessage:
        """Return the item with these fields, and its id.

        `vector_fingerprint` names the models that made its vectors, where these are wanted.
        """
        whole = item_message(
            item, with_vectors=self.parts.vectors, vector_fingerprint=vector_fingerprint
        )
        if self.mask is None:
            return whole
        chosen = ItemMessage(item_id=item.item_id)
        self.mask.MergeMessage(whole, chosen)
        return chosen


WHOLE_ITEM = ItemFields(ALL_PARTS)
"""All fields."""

WITHOUT_VECTORS = ItemFields(NO_VECTORS)
"""All but the garment's embedding and histogram."""


def item_fields(
    mask: FieldMask, field: str, violations: Violations, *, default: ItemFields
) -> ItemFields:
    """Check the paths of a mask; an empty one is the default."""
    if not mask.paths:
        return default
    if len(mask.paths) > MAX_PATHS:
        violations.add(
            f"{field}.paths", f"must hold at most {MAX_PATHS} paths, holds {len(mask.paths)}"
        )
        return default
    for number, path in enumerate(mask.paths):
        _check(path, f"{field}.paths[{number}]", violations)
    parts = ItemParts(
        payload="payload" in mask.paths,
        attributes="attributes" in mask.paths,
        vectors=any(_touches(path, one) for path in mask.paths for one in _VECTORS),
    )
    return ItemFields(parts, mask)


def item_message(source: Item, *, with_vectors: bool, vector_fingerprint: str = "") -> ItemMessage:
    """Return an item; `with_vectors` tells whether its embedding and histogram go along, and the
    fingerprint of the models that made them."""
    message = ItemMessage(
        item_id=source.item_id,
        title=source.title,
        attributes=source.attributes,
        payload=source.payload,
        garment=vision_conversion.garment(source.garment, with_vectors=with_vectors),
        sequence_number=source.sequence_number,
        vector_fingerprint=vector_fingerprint if with_vectors else "",
    )
    message.update_time.FromDatetime(source.update_time)
    return message


def _check(path: str, field: str, violations: Violations) -> None:
    message: Descriptor | None = ItemMessage.DESCRIPTOR
    for name in path.split("."):
        if message is None:
            violations.add(field, f"must not go into a list, a map or a value, is {shown(path)}")
            return
        found = message.fields_by_name.get(name)
        if found is None:
            names = ", ".join(one.name for one in message.fields)
            violations.add(field, f"must name fields of {message.name} ({names}), is {shown(path)}")
            return
        is_message = found.type == FieldDescriptor.TYPE_MESSAGE
        message = found.message_type if is_message and not found.is_repeated else None


def _touches(path: str, other: str) -> bool:
    """Tell whether one of two paths lies within the other."""
    return f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.")
