"""What the lines of `--json` hold; clients/python/CLI.md documents every field."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from ootd import (
    DroppedGarment,
    Garment,
    Hit,
    ImageAnalysis,
    ImageSearch,
    Item,
    ServerInfo,
    Taxonomy,
)


def garment_json(garment: Garment, *, histogram: bool = False) -> dict[str, Any]:
    """Return a garment, with its colour histogram where asked for."""
    found = {
        "box": list(garment.box.as_tuple()) if garment.box else None,
        "box_origin": garment.box_origin,
        "score": garment.score,
        "super": garment.super_category,
        "sub": garment.sub_category,
        "sub_score": garment.sub_category_score,
        "attributes": [
            {"group": one.group, "value": one.value, "score": one.score}
            for one in garment.attributes
        ],
        "embedding": list(garment.embedding),
    }
    if histogram:
        found["color_histogram"] = list(garment.color_histogram)
    return found


def dropped_json(
    dropped: Sequence[DroppedGarment], *, histogram: bool = False
) -> list[dict[str, Any]]:
    """Return what was found and dropped."""
    return [
        {**garment_json(one.garment, histogram=histogram), "reason": one.reason} for one in dropped
    ]


def analysis_json(
    image: str, analysis: ImageAnalysis, *, histogram: bool = False
) -> dict[str, Any]:
    """Return the garments of one photo."""
    return {
        "image": image,
        "width": analysis.width,
        "height": analysis.height,
        "garments": [garment_json(one, histogram=histogram) for one in analysis.garments],
        "dropped": dropped_json(analysis.dropped, histogram=histogram),
        "vector_fingerprint": analysis.vector_fingerprint,
    }


def search_json(image: str, found: ImageSearch, *, histogram: bool = False) -> dict[str, Any]:
    """Return the garments of one photo with their hits."""
    return {
        "image": image,
        "width": found.width,
        "height": found.height,
        "results": [
            {
                "garment": garment_json(result.garment, histogram=histogram),
                "hits": [hit_json(hit) for hit in result.hits],
            }
            for result in found.results
        ],
        "dropped": dropped_json(found.dropped, histogram=histogram),
        "vector_fingerprint": found.vector_fingerprint,
    }


def item_json(item: Item, *, histogram: bool = False) -> dict[str, Any]:
    """Return an item as it is stored."""
    return {
        "id": item.item_id,
        "title": item.title,
        "attributes": dict(item.attributes),
        "payload": payload_json(item.payload),
        "garment": garment_json(item.garment, histogram=histogram),
        "vector_fingerprint": item.vector_fingerprint,
        "sequence_number": item.sequence_number,
        "update_time": item.update_time.isoformat() if item.update_time else None,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return a hit: what a person needs of the item, and vectors where they were asked for."""
    garment = hit.item.garment
    found: dict[str, Any] = {
        "id": hit.item.item_id,
        "score": hit.score,
        "title": hit.item.title,
        "super": garment.super_category,
        "sub": garment.sub_category,
        "attributes": dict(hit.item.attributes),
        "payload": payload_json(hit.item.payload),
    }
    if garment.embedding:
        found["embedding"] = list(garment.embedding)
    if garment.color_histogram:
        found["color_histogram"] = list(garment.color_histogram)
    if hit.parts is not None:
        found["parts"] = {
            "appearance": hit.parts.appearance,
            "color": hit.parts.color,
            "appearance_weight": hit.parts.appearance_weight,
            "color_weight": hit.parts.color_weight,
        }
    return found


def payload_json(payload: bytes) -> Any:
    """Return a payload as JSON where it is, else as text, else as {"base64": ...}."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(payload).decode()}
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text


def taxonomy_json(taxonomy: Taxonomy) -> dict[str, Any]:
    """Return the names that the served models know."""
    return {
        "version": taxonomy.version,
        "categories": [
            {"super": one.super_category, "name": one.name, "sub": list(one.sub_categories)}
            for one in taxonomy.categories
        ],
        "attribute_groups": [
            {
                "name": one.name,
                "kind": one.kind,
                "values": list(one.values),
                "sub": list(one.sub_categories),
                "trained": one.trained,
            }
            for one in taxonomy.attribute_groups
        ],
    }


def info_json(info: ServerInfo) -> dict[str, Any]:
    """Return a gateway's versions, models and limits."""
    limits = info.limits
    return {
        "version": info.version,
        "minimum_client_version": info.minimum_client_version,
        "taxonomy_version": info.taxonomy_version,
        "vector_fingerprint": info.vector_fingerprint,
        "stored_vector_fingerprint": info.stored_vector_fingerprint,
        "graph_fingerprint": info.graph_fingerprint,
        "vision_server": info.vision_server,
        "attribute_model": info.attribute_model,
        "color_weight": info.color_weight,
        "limits": {
            "max_image_bytes": limits.max_image_bytes,
            "max_image_pixels": limits.max_image_pixels,
            "min_image_side": limits.min_image_side,
            "max_request_bytes": limits.max_request_bytes,
            "max_answer_bytes": limits.max_answer_bytes,
            "default_deadline_s": limits.default_deadline_s,
            "max_deadline_s": limits.max_deadline_s,
            "stream_idle_s": limits.stream_idle_s,
        },
    }


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
