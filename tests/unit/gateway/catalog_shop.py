"""A catalogue over a real database, a real index and a table of photos."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from catalog_builders import TableVision, encoded_photo, garment, new_index
from index_builders import embedding, histogram
from ootd_gateway.services.catalog.domain import Catalog
from ootd_gateway.services.catalog.replay import ChangeApplier
from ootd_gateway.services.catalog.types import EmbeddingSource, UpsertRequest
from ootd_gateway.services.search.domain import Search
from ootd_gateway.services.search.settings import SearchSettings
from ootd_gateway.services.vector_fingerprint_guard import VectorFingerprintGuard
from ootd_gateway.services.vision.domain import PhotoAnalyzer
from ootd_gateway.store.catalog.sql import SqlCatalogStore
from ootd_gateway.store.database import Database
from ootd_gateway.types import AttributeModel, Photo, SuperCategory
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import Query, VectorIndex

TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = SuperCategory
PHOTO = encoded_photo()
OTHER_PHOTO = encoded_photo(70, 70)

SHIRT = garment(1, TOP, score=0.9, sub_category="shirt")
JEANS = garment(2, BOTTOM, score=0.8, sub_category="jeans")
SKIRT = garment(3, BOTTOM, score=0.85, sub_category="skirt")


@dataclass
class Shop:
    catalog: Catalog
    database: Database
    store: SqlCatalogStore
    index: ShardedIndex
    vision: TableVision
    applier: ChangeApplier

    def found(self, seed: int, category: SuperCategory) -> list[int]:
        query = Query(category, embedding(seed), 10)
        return [one.key for one in self.index.search(query) if one.parts.appearance > 0.99]


async def open_shop(tmp_path: Path) -> AsyncIterator[Shop]:
    database = Database.open(f"sqlite:///{tmp_path}/ootd.db")
    store = SqlCatalogStore(database)
    index = new_index()
    vision = TableVision({PHOTO: (SHIRT, SKIRT, JEANS), OTHER_PHOTO: ()})
    applier = ChangeApplier(store, index)
    catalog = Catalog(
        store,
        PhotoAnalyzer(vision),
        applier,
        fingerprints=VectorFingerprintGuard(store, vision),
        attribute_model=AttributeModel.TAGGER,
    )
    yield Shop(catalog, database, store, index, vision, applier)
    await applier.close()
    await database.close()


def searching(
    index: VectorIndex, store: SqlCatalogStore, vision: TableVision, **settings: float
) -> Search:
    """Searches of an index and a store."""
    return Search(
        index,
        store,
        PhotoAnalyzer(vision),
        SearchSettings.model_validate(settings),
        fingerprints=VectorFingerprintGuard(store, vision),
    )


def photo(item_id: str = "a", **changes: Any) -> UpsertRequest:
    return replace(UpsertRequest(item_id, Photo(PHOTO)), **changes)


def ready(item_id: str = "a", seed: int = 9, **changes: Any) -> UpsertRequest:
    source = replace(
        EmbeddingSource(embedding(seed), SHOES, "boots", histogram(seed)),
        **changes,
    )
    return UpsertRequest(item_id, source)
