"""Every range and pattern of the contract, as a FakeGateway keeps it: all faults at a time.

Paths and words are those of a gateway, so that a test may ask for either.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask

from ootd.errors import FieldViolation, InvalidRequestError
from ootd.testing._limits import (
    EMBEDDING_SIZE,
    HISTOGRAM_BINS,
    ITEM_ID_CHARACTERS,
    MAX_PATHS,
)
from ootd.types import ATTRIBUTE_MODELS
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import garment_pb2, photo_pb2
from ootd.v1 import search_service_pb2 as search

ITEM_ID = re.compile(r"[A-Za-z0-9._:/-]+\Z")
_FINGERPRINT = re.compile(r"[A-Za-z0-9-]{0,64}\Z")
_SHOWN_CHARACTERS = 40
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


class Violations:
    """What is wrong with a request."""

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []

    def require(self, holds: bool, field: str, description: str) -> bool:
        """Note a fault unless the condition holds; return the condition."""
        if not holds:
            self._found.append(FieldViolation(field, description))
        return holds

    def check(self) -> None:
        """Raise InvalidRequestError where there is a fault."""
        if self._found:
            text = "; ".join(f"{one.field}: {one.description}" for one in self._found)
            raise InvalidRequestError(
                f"invalid request: {text}", reason="INVALID_FIELD", violations=self._found
            )


def photo(message: photo_pb2.Photo, field: str, found: Violations) -> None:
    """Check that there is a photo, its guide and its options."""
    empty = "holds no bytes: the photo was not set, or its file is empty"
    found.require(bool(message.image), f"{field}.image", empty)
    known = message.guide.WhichOneof("known")
    if known == "category":
        super_category(message.guide.category, f"{field}.guide.category", found)
    elif known == "region":
        _region(message.guide.region, f"{field}.guide.region", found)
    options, field = message.options, f"{field}.options"
    if options.HasField("score_threshold"):
        score = options.score_threshold
        found.require(0 <= score <= 1, f"{field}.score_threshold", f"must be 0 to 1, is {score:g}")
    model = options.attribute_model
    found.require(
        0 <= model <= len(ATTRIBUTE_MODELS),
        f"{field}.attribute_model",
        f"must be a known AttributeModel (1 or 2), is {model}",
    )


def item_id(value: str, field: str, found: Violations) -> None:
    """Check an item's id."""
    if not found.require(bool(value), field, "must be set, is empty"):
        return
    length = f"must have 1 to {ITEM_ID_CHARACTERS} characters, has {len(value)}"
    if found.require(len(value) <= ITEM_ID_CHARACTERS, field, length):
        letters = f'may hold letters, digits and "._:/-" alone, is {shown(value)}'
        found.require(bool(ITEM_ID.match(value)), field, letters)


def super_category(value: int, field: str, found: Violations) -> None:
    """Check that a super-category is one of the six."""
    if found.require(value != 0, field, "must be set, is SUPER_CATEGORY_UNSPECIFIED"):
        told = f"must be a known SuperCategory (1 to 6), is {value}"
        found.require(1 <= value <= 6, field, told)


def fields(mask: FieldMask, field: str, found: Violations) -> None:
    """Check the paths of a mask."""
    number = len(mask.paths)
    told = f"must hold at most {MAX_PATHS} paths, holds {number}"
    if found.require(number <= MAX_PATHS, f"{field}.paths", told):
        for place, path in enumerate(mask.paths):
            _path(path, f"{field}.paths[{place}]", found)


def _path(path: str, field: str, found: Violations) -> None:
    message: Descriptor | None = catalog.Item.DESCRIPTOR
    for name in path.split("."):
        told = f"must not go into a list, a map or a value, is {shown(path)}"
        if not found.require(message is not None, field, told) or message is None:
            return
        known = message.fields_by_name.get(name)
        names = ", ".join(one.name for one in message.fields)
        told = f"must name fields of {message.name} ({names}), is {shown(path)}"
        if not found.require(known is not None, field, told) or known is None:
            return
        is_message = known.type == FieldDescriptor.TYPE_MESSAGE
        message = known.message_type if is_message and not _is_repeated(known) else None


def _is_repeated(field: Any) -> bool:
    if hasattr(field, "is_repeated"):
        return bool(field.is_repeated)
    return bool(field.label == field.LABEL_REPEATED)  # Before protobuf 6.31.


def vectors(
    message: catalog.ItemEmbedding | search.SearchByEmbeddingRequest,
    prefix: str,
    found: Violations,
) -> None:
    values, bins = message.embedding.values, message.color_histogram
    field = f"{prefix}embedding.values"
    size = f"must hold exactly {EMBEDDING_SIZE} values, holds {len(values)}"
    if found.require(len(values) == EMBEDDING_SIZE, field, size):
        bad = (place for place, value in enumerate(values) if not math.isfinite(value))
        if _no_value(values, bad, field, "must be finite", found):
            found.require(any(values), field, "must not be all 0")
    super_category(message.super_category, f"{prefix}super_category", found)
    field = f"{prefix}color_histogram"
    size = f"must hold {HISTOGRAM_BINS} values or none, holds {len(bins)}"
    if bins and found.require(len(bins) == HISTOGRAM_BINS, field, size):
        bad = (place for place, one in enumerate(bins) if not (math.isfinite(one) and one >= 0))
        if _no_value(bins, bad, field, "must be finite and 0 or more", found):
            found.require(any(bins), field, "must not be all 0")
    stated = message.vector_fingerprint
    told = (
        'must be a fingerprint as answers carry it, such as "3f2a81d0c4b5e697-81d03f2ac4b5e697", '
        f"is {shown(stated)}"
    )
    found.require(bool(_FINGERPRINT.match(stated)), f"{prefix}vector_fingerprint", told)


def _no_value(
    values: Sequence[float], bad: Iterable[int], field: str, must: str, found: Violations
) -> bool:
    """Note the first of the places that are at fault; return whether there is none."""
    place = next(iter(bad), None)
    if place is None:
        return True
    return found.require(False, f"{field}[{place}]", f"{must}, is {values[place]:g}")


def _region(box: garment_pb2.Box, field: str, found: Violations) -> None:
    sides = {"x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1}
    inside = [
        found.require(0 <= value <= 1, f"{field}.{name}", f"must be 0 to 1, is {value:g}")
        for name, value in sides.items()
    ]
    if all(inside):
        for axis in "xy":
            low, high = sides[f"{axis}0"], sides[f"{axis}1"]
            told = f"must be above {axis}0 ({low:g}), is {high:g}"
            found.require(low < high, f"{field}.{axis}1", told)


def text(value: str, field: str, found: Violations, *, limit: int, what: str = "") -> None:
    told = f"{what}must have at most {limit} characters, has {len(value)}"
    if not found.require(len(value) <= limit, field, told):
        return
    for place, one in enumerate(value):
        fits = one not in _OVERRIDES and unicodedata.category(one) not in _CONTROL_CATEGORIES
        told = f"{what}must hold no control characters, holds U+{ord(one):04X} at position {place}"
        if not found.require(fits, field, told):
            return


def count(value: int, field: str, found: Violations, *, most: int) -> None:
    """Check a number of items or hits, 1 to `most`."""
    found.require(1 <= value <= most, field, f"must be 1 to {most}, is {value}")


def shown(value: str) -> str:
    short = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return ascii(short) if not short.isprintable() else f'"{short}"'
