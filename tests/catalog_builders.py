"""Items, photos and a vision model that answers from a table, for tests of the domain core."""

import asyncio
import hashlib
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image
from prometheus_client import CollectorRegistry

from fake_vision import FakeVision
from index_builders import embedding, histogram
from ootd_gateway.process.index_opening import open_index
from ootd_gateway.services.search.settings import SearchSettings
from ootd_gateway.telemetry.metrics.index import IndexMetrics
from ootd_gateway.types import (
    Attribute,
    Box,
    BoxOrigin,
    DroppedGarment,
    Garment,
    ImageAnalysis,
    ItemDraft,
    ServedModels,
    SuperCategory,
)
from ootd_index.sharded_index import ShardedIndex

SUB_CATEGORIES: Mapping[SuperCategory, tuple[str, ...]] = {
    SuperCategory.TOP: ("t-shirt", "shirt", "blouse", "sweater", "sweatshirt", "tank-top"),
    SuperCategory.BOTTOM: ("pants", "jeans", "leggings", "shorts", "skirt", "joggers"),
    SuperCategory.OUTER: ("coat", "jacket", "blazer", "cardigan", "cape", "vest"),
    SuperCategory.DRESS: ("dress", "romper"),
    SuperCategory.SHOES: ("boots", "flats", "heels", "loafers", "pumps", "sandals", "sneakers"),
    SuperCategory.BAG: ("handbag", "purse", "wallet", "clutch", "backpack"),
}
VECTOR_FINGERPRINT = "vectors-a"


def garment(
    seed: int = 0, super_category: SuperCategory = SuperCategory.TOP, **changes: Any
) -> Garment:
    """A detected garment."""
    values: dict[str, Any] = {
        "super_category": super_category,
        "embedding": embedding(seed),
        "color_histogram": histogram(seed),
        "box": Box(0.125, 0.25, 0.5, 1.0),
        "box_origin": BoxOrigin.DETECTED,
        "score": 0.75,
        "sub_category": SUB_CATEGORIES[super_category][0],
        "sub_category_score": 0.5,
        "attributes": (Attribute("color", "navy", 0.875),),
    }
    return Garment(**(values | changes))


def draft(
    item_id: str, seed: int = 0, super_category: SuperCategory = SuperCategory.TOP, **changes: Any
) -> ItemDraft:
    """An item to store; another seed is another source."""
    values: dict[str, Any] = {
        "item_id": item_id,
        "title": f"Item {item_id}",
        "attributes": {"brand": "Acme", "größe": "M"},
        "payload": b"\x00price\xff",
        "garment": garment(seed, super_category),
        "source_digest": hashlib.sha256(f"{item_id} {seed} {super_category}".encode()).hexdigest(),
    }
    return ItemDraft(**(values | changes))


def new_index() -> ShardedIndex:
    """An empty index of the catalogue, as the gateway has it without options."""
    return open_index(SearchSettings(), IndexMetrics(CollectorRegistry()))


def encoded_photo(
    width: int = 64, height: int = 48, kind: str = "JPEG", mode: str = "RGB", **options: Any
) -> bytes:
    """A photo of noise, so that it compresses to some size."""
    rng = np.random.default_rng(width * 1000 + height)
    picture = Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8), "RGB")
    data = io.BytesIO()
    picture.convert(mode).save(data, kind, **options)
    return data.getvalue()


class TableVision(FakeVision):
    """Answers from a table of photos."""

    def __init__(self, table: Mapping[bytes, tuple[Garment, ...]] | None = None) -> None:
        super().__init__(self._look_up, SUB_CATEGORIES)
        self.table = dict(table or {})
        self.served_vectors = VECTOR_FINGERPRINT
        self.served_graph = "graph-a"
        self.told: ServedModels | None = None
        """What is told of the served models where that is not what answers."""
        self.dropped: tuple[DroppedGarment, ...] = ()

    async def served_models(self) -> ServedModels:
        self.check_presence()
        return self.told or ServedModels(self.served_vectors, self.served_graph)

    async def _look_up(self, image: bytes) -> ImageAnalysis:
        served = ServedModels(self.served_vectors, self.served_graph)
        await asyncio.sleep(0)
        return ImageAnalysis(
            width=64, height=48, garments=self.table[image], dropped=self.dropped, served=served
        )
