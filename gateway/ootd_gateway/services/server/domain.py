"""What answers: versions, models, limits; as far as it is known now."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from ootd_gateway.errors import OotdError
from ootd_gateway.store.catalog.base import CatalogStore
from ootd_gateway.types import AttributeModel, ServedModels, Taxonomy
from ootd_gateway.vision.base import VisionModel

MINIMUM_CLIENT_VERSION = "0.1.0"
"""Oldest version of the client library that this gateway is made for."""

ASK_SECONDS = 2.0
"""How long models and database may take to tell of themselves; what comes later is not known."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What the server takes; units are in the names. `stream_idle_seconds` 0 is without end."""

    max_image_bytes: int
    max_image_pixels: int
    min_image_side_pixels: int
    max_request_bytes: int
    max_answer_bytes: int
    default_deadline_seconds: float
    max_deadline_seconds: float
    stream_idle_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What is known of a server from its start. `color_weight` is 0 to 1."""

    version: str
    limits: ServerLimits
    attribute_model: AttributeModel
    color_weight: float
    minimum_client_version: str = MINIMUM_CLIENT_VERSION


@dataclass(frozen=True, slots=True)
class ServedNow:
    """What is served at the moment: "" or 0 where it is not known."""

    taxonomy_version: int = 0
    models: ServedModels = field(default_factory=ServedModels)
    stored_vector_fingerprint: str = ""
    vision_server: str = ""


class ServerInformation:
    """Asks models and database what they are."""

    def __init__(self, facts: ServerFacts, vision: VisionModel, store: CatalogStore) -> None:
        self.facts = facts
        self._vision = vision
        self._store = store

    async def now(self) -> ServedNow:
        """Return what is served now, within about two seconds. Raises nothing for what is away."""
        taxonomy, models, stored, vision_server = await asyncio.gather(
            _or_none(self._vision.taxonomy()),
            _or_none(self._vision.served_models()),
            _or_none(self._store.vector_fingerprint()),
            _or_none(self._vision.vision_server()),
        )
        return ServedNow(
            taxonomy_version=_version_of(taxonomy),
            models=models or ServedModels(),
            stored_vector_fingerprint=stored or "",
            vision_server=vision_server or "",
        )


async def _or_none(asked: Awaitable[_Answer]) -> _Answer | None:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return await asked
    except (OotdError, TimeoutError):
        return None


def _version_of(taxonomy: Taxonomy | None) -> int:
    return 0 if taxonomy is None else taxonomy.version
