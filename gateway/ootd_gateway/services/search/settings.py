"""The index and the scores of its hits."""

from pydantic import BaseModel, Field

from ootd_index.index_settings import DEFAULT_SETTINGS, GraphPrecision


class SearchSettings(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The index and the scores of its hits."""

    shards_per_category: int = Field(
        default=DEFAULT_SETTINGS.shards_per_partition,
        ge=1,
        le=64,
        description="Shards of each super-category's index, searched side by side. More let one "
        "search compare many items on several cores; walks of graphs take turns.",
    )
    index_precision: GraphPrecision = Field(
        default=DEFAULT_SETTINGS.shard.precision,
        description="Precision of vectors in the index's graphs: 256 or 512 bytes a vector. "
        "Hits are ranked by exact scores in any case.",
    )
    index_exact_limit_items: int = Field(
        default=DEFAULT_SETTINGS.shard.exact_limit,
        ge=0,
        le=10_000_000,
        description="Up to so many items in a shard a search compares all of them; above, it walks "
        "a graph (HNSW).",
    )
    index_connectivity: int = Field(
        default=DEFAULT_SETTINGS.shard.connectivity,
        ge=2,
        le=256,
        description="HNSW: links per entry (M). More finds more and takes more memory.",
    )
    index_expansion_add: int = Field(
        default=DEFAULT_SETTINGS.shard.expansion_add,
        ge=8,
        le=4096,
        description="HNSW: candidates looked at when an entry is added (efConstruction). More "
        "finds more and makes ingest slower.",
    )
    index_expansion_search: int = Field(
        default=DEFAULT_SETTINGS.shard.expansion_search,
        ge=8,
        le=4096,
        description="HNSW: candidates looked at in a search (ef). More finds more and makes "
        "searches slower.",
    )
    color_weight: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Weight of colour in a hit's score, 0 to 1; appearance has the rest.",
    )
    search_threads: int = Field(
        default=4,
        ge=1,
        le=256,
        description="Searches of the index that run at a time; each garment of a photo is one.",
    )
