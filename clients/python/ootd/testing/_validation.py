"""Every range and pattern of the contract, as a FakeGateway keeps it: all faults at a time.

Paths and words are those of a gateway, so that a test may ask for either.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask

from ootd.errors import FieldViolation, InvalidRequestError
from ootd.testing._limits import (
    ATTRIBUTE_COUNT,
    ATTRIBUTE_NAME_CHARACTERS,
    ATTRIBUTE_VALUE_CHARACTERS,
    CORRELATION_ID_BYTES,
    DEFAULT_K,
    DEFAULT_PAGE_SIZE,
    EMBEDDING_SIZE,
    HISTOGRAM_BINS,
    ITEM_ID_CHARACTERS,
    MAX_DELETED_IDS,
    MAX_K,
    MAX_OFFSET,
    MAX_PAGE_SIZE,
    PAYLOAD_BYTES,
    TITLE_CHARACTERS,
)
from ootd.types import ATTRIBUTE_MODELS, SUPER_CATEGORIES, SuperCategory
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import garment_pb2
from ootd.v1 import search_service_pb2 as search
from ootd.v1 import vision_service_pb2 as vision

SearchRequest: TypeAlias = (
    search.SearchByImageRequest | search.SearchByItemRequest | search.SearchByEmbeddingRequest
)
PhotoMessage: TypeAlias = (
    vision.AnalyzeImageRequest
    | vision.AnalyzeImagesRequest
    | search.SearchByImageRequest
    | catalog.ItemPhoto
)

_ITEM_ID = re.compile(r"[A-Za-z0-9._:/-]+\Z")
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


def photo(message: PhotoMessage, prefix: str, found: Violations) -> None:
    """Check that there is a photo, its guide and its options."""
    empty = "holds no bytes: the photo was not set, or its file is empty"
    found.require(bool(message.image), f"{prefix}image", empty)
    known = message.guide.WhichOneof("known")
    if known == "category":
        super_category(message.guide.category, f"{prefix}guide.category", found)
    elif known == "region":
        _region(message.guide.region, f"{prefix}guide.region", found)
    options, field = message.options, f"{prefix}options"
    if options.HasField("score_threshold"):
        score = options.score_threshold
        found.require(0 <= score <= 1, f"{field}.score_threshold", f"must be 0 to 1, is {score:g}")
    model = options.attribute_model
    found.require(
        0 <= model <= len(ATTRIBUTE_MODELS),
        f"{field}.attribute_model",
        f"must be a known AttributeModel (1 or 2), is {model}",
    )


def element(request: vision.AnalyzeImagesRequest) -> None:
    """Raise InvalidRequestError for an element that is none."""
    found = Violations()
    size = len(request.correlation_id.encode())
    told = f"must have at most {CORRELATION_ID_BYTES} bytes, has {size}"
    found.require(size <= CORRELATION_ID_BYTES, "correlation_id", told)
    photo(request, "", found)
    found.check()


def upload(request: catalog.UpsertItemsRequest) -> None:
    """Raise InvalidRequestError for an item that is none."""
    found = Violations()
    item_id(request.item_id, "item_id", found)
    source = request.WhichOneof("source")
    if found.require(source is not None, "source", 'one of "photo" and "embedding" must be set'):
        if source == "photo":
            photo(request.photo, "photo.", found)
        else:
            _vectors(request.embedding, "embedding.", found)
    _text(request.title, "title", found, limit=TITLE_CHARACTERS)
    _attributes(request.attributes, found)
    size = len(request.payload)
    told = f"must have at most {PAYLOAD_BYTES} bytes, has {size}"
    found.require(size <= PAYLOAD_BYTES, "payload", told)
    found.check()


def sub_category(
    ready: catalog.ItemEmbedding, known: Mapping[SuperCategory, Sequence[str]]
) -> None:
    """Raise InvalidRequestError for a sub-category that the super-category does not have."""
    found = Violations()
    category = SUPER_CATEGORIES[ready.super_category - 1]
    names, name = known[category], ready.sub_category
    told = f"must be a sub-category of {category} ({', '.join(names)}), is {_shown(name)}"
    found.require(not name or name in names, "embedding.sub_category", told)
    found.check()


def query(request: SearchRequest) -> None:
    """Raise InvalidRequestError for a search that is none."""
    found = Violations()
    if isinstance(request, search.SearchByImageRequest):
        photo(request, "", found)
    elif isinstance(request, search.SearchByItemRequest):
        item_id(request.item_id, "item_id", found)
    else:
        _vectors(request, "", found)
    options, score = request.hit_options, request.hit_options.min_score
    fields(options.item_fields, "hit_options.item_fields", found)
    _count(request.k if request.HasField("k") else DEFAULT_K, "k", found, most=MAX_K)
    offset = f"must be 0 to {MAX_OFFSET}, is {options.offset}"
    found.require(options.offset <= MAX_OFFSET, "hit_options.offset", offset)
    in_range = not options.HasField("min_score") or -1 <= score <= 1
    found.require(in_range, "hit_options.min_score", f"must be -1 to 1, is {score:g}")
    found.check()


def page(request: catalog.ListItemsRequest) -> None:
    """Raise InvalidRequestError for a page that is none."""
    found = Violations()
    size = request.page_size if request.HasField("page_size") else DEFAULT_PAGE_SIZE
    _count(size, "page_size", found, most=MAX_PAGE_SIZE)
    token = request.page_token
    good = not token or (len(token) <= ITEM_ID_CHARACTERS and bool(_ITEM_ID.match(token)))
    told = f"must be an earlier page's next_page_token, is {_shown(token)}"
    found.require(good, "page_token", told)
    if request.super_category:
        super_category(request.super_category, "super_category", found)
    fields(request.item_fields, "item_fields", found)
    found.check()


def one_item(request: catalog.GetItemRequest) -> None:
    """Raise InvalidRequestError for an id or fields that are none."""
    found = Violations()
    item_id(request.item_id, "item_id", found)
    fields(request.item_fields, "item_fields", found)
    found.check()


def item_ids(values: Sequence[str]) -> None:
    """Raise InvalidRequestError unless there are 1 to 1000 ids."""
    found = Violations()
    told = f"must hold 1 to {MAX_DELETED_IDS} ids, holds {len(values)}"
    if found.require(1 <= len(values) <= MAX_DELETED_IDS, "item_ids", told):
        for place, value in enumerate(values):
            item_id(value, f"item_ids[{place}]", found)
    found.check()


def item_id(value: str, field: str, found: Violations) -> None:
    """Check an item's id."""
    if not found.require(bool(value), field, "must be set, is empty"):
        return
    length = f"must have 1 to {ITEM_ID_CHARACTERS} characters, has {len(value)}"
    if found.require(len(value) <= ITEM_ID_CHARACTERS, field, length):
        letters = f'may hold letters, digits and "._:/-" alone, is {_shown(value)}'
        found.require(bool(_ITEM_ID.match(value)), field, letters)


def super_category(value: int, field: str, found: Violations) -> None:
    """Check that a super-category is one of the six."""
    if found.require(value != 0, field, "must be set, is SUPER_CATEGORY_UNSPECIFIED"):
        told = f"must be a known SuperCategory (1 to 6), is {value}"
        found.require(1 <= value <= 6, field, told)


def fields(mask: FieldMask, field: str, found: Violations) -> None:
    """Check the paths of a mask."""
    number = len(mask.paths)
    told = f"must hold at most 64 paths, holds {number}"
    if found.require(number <= 64, f"{field}.paths", told):
        for place, path in enumerate(mask.paths):
            _path(path, f"{field}.paths[{place}]", found)


def _path(path: str, field: str, found: Violations) -> None:
    message: Descriptor | None = catalog.Item.DESCRIPTOR
    for name in path.split("."):
        told = f"must not go into a list, a map or a value, is {_shown(path)}"
        if not found.require(message is not None, field, told) or message is None:
            return
        known = message.fields_by_name.get(name)
        names = ", ".join(one.name for one in message.fields)
        told = f"must name fields of {message.name} ({names}), is {_shown(path)}"
        if not found.require(known is not None, field, told) or known is None:
            return
        is_message = known.type == FieldDescriptor.TYPE_MESSAGE
        message = known.message_type if is_message and not known.is_repeated else None


def _vectors(
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
        f"is {_shown(stated)}"
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


def _attributes(values: Mapping[str, str], found: Violations) -> None:
    number = len(values)
    told = f"must hold at most {ATTRIBUTE_COUNT} attributes, holds {number}"
    if not found.require(number <= ATTRIBUTE_COUNT, "attributes", told):
        return
    for name, value in values.items():
        field = f"attributes[{_shown(name)}]"
        found.require(bool(name), field, "must have a name, has none")
        _text(name, field, found, limit=ATTRIBUTE_NAME_CHARACTERS, what="name ")
        _text(value, field, found, limit=ATTRIBUTE_VALUE_CHARACTERS)


def _text(value: str, field: str, found: Violations, *, limit: int, what: str = "") -> None:
    told = f"{what}must have at most {limit} characters, has {len(value)}"
    if not found.require(len(value) <= limit, field, told):
        return
    for place, one in enumerate(value):
        fits = one not in _OVERRIDES and unicodedata.category(one) not in _CONTROL_CATEGORIES
        told = f"{what}must hold no control characters, holds U+{ord(one):04X} at position {place}"
        if not found.require(fits, field, told):
            return


def _count(value: int, field: str, found: Violations, *, most: int) -> None:
    found.require(1 <= value <= most, field, f"must be 1 to {most}, is {value}")


def _shown(value: str) -> str:
    short = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return ascii(short) if not short.isprintable() else f'"{short}"'
