"""Terms of the catalogue's calls. Their values are valid: `conversion` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ootd_gateway.types import FloatVector, Photo, SuperCategory


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingSource:
    """How an item looks, from an embedder that the caller runs.

    `embedding` is float32[128] and L2-normalised, `color_histogram` float32[56] that sums to 1 or
    None, as `validation.embedding` and `validation.color_histogram` return them.
    `vector_fingerprint` names the models that made them; "" is not said.
    """

    embedding: FloatVector
    super_category: SuperCategory
    sub_category: str = ""
    color_histogram: FloatVector | None = None
    vector_fingerprint: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class UpsertRequest:
    """An item to add or replace."""

    item_id: str
    source: Photo | EmbeddingSource
    title: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""
