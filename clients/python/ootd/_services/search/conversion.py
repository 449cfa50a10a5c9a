"""Between the messages of SearchService and the client's types; no network, no files."""

from collections.abc import Iterable, Sequence

from ootd._services.search.types import GarmentHits, Hit, ImageSearch, ScoreParts
from ootd._shared import arguments
from ootd._shared.garment_conversion import dropped_from_proto, garment_from_proto
from ootd._shared.item_conversion import fields_to_proto, item_from_proto
from ootd.v1 import search_service_pb2

_MAX_K = 1000
_MAX_OFFSET = 10_000


def hit_options_to_proto(
    offset: int, min_score: float | None, fields: Iterable[str] | None
) -> search_service_pb2.HitOptions | None:
    """Return which hits come and what they carry, None where nothing is asked for.

    Raises InvalidRequestError, TypeError.
    """
    mask = fields_to_proto(fields)
    passed_over = arguments.count("hit_options.offset", offset, lower=0, upper=_MAX_OFFSET)
    lowest = arguments.number("min_score", min_score)
    if not passed_over and lowest is None and mask is None:
        return None
    return search_service_pb2.HitOptions(offset=passed_over, min_score=lowest, item_fields=mask)


def hit_count(k: int) -> int:
    """Return k; InvalidRequestError where no message can hold it, TypeError where it is no int."""
    return arguments.count("k", k, lower=1, upper=_MAX_K)


def hits_from_proto(messages: Sequence[search_service_pb2.Hit]) -> tuple[Hit, ...]:
    """Return hits in their order."""
    return tuple(
        Hit(
            item_from_proto(one.item),
            one.score,
            ScoreParts(
                one.parts.appearance,
                one.parts.color,
                one.parts.appearance_weight,
                one.parts.color_weight,
            )
            if one.HasField("parts")
            else None,
        )
        for one in messages
    )


def search_from_proto(message: search_service_pb2.SearchByImageResponse) -> ImageSearch:
    """Return what was found for each garment of a photo."""
    return ImageSearch(
        width=message.width,
        height=message.height,
        results=tuple(
            GarmentHits(garment_from_proto(one.garment), hits_from_proto(one.hits))
            for one in message.results
        ),
        dropped=dropped_from_proto(message.dropped),
        vector_fingerprint=message.vector_fingerprint,
    )
