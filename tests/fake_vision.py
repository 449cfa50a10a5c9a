"""The vision model of tests: it answers as they say, and notes what it was asked."""

from collections.abc import Awaitable, Callable, Mapping

import numpy as np

from ootd_gateway.errors import VisionUnavailableError
from ootd_gateway.types import (
    AnalyzeOptions,
    Box,
    Garment,
    Guide,
    ImageAnalysis,
    Photo,
    Priority,
    ServedModels,
    SuperCategory,
    Taxonomy,
)

Answer = Callable[[bytes], Awaitable[ImageAnalysis]]


def one_garment() -> ImageAnalysis:
    embedding = np.zeros(128, np.float32)
    embedding[0] = 1.0
    garment = Garment(SuperCategory.TOP, embedding, box=Box(0.1, 0.2, 0.3, 0.4))
    return ImageAnalysis(640, 480, (garment,), served=ServedModels("r", "g"))


async def answer_at_once(_: bytes) -> ImageAnalysis:
    return one_garment()


class FakeVision:
    """A `VisionModel` whose `answer` tests choose; while it `is_away`, nothing is answered."""

    def __init__(
        self,
        answer: Answer = answer_at_once,
        sub_categories: Mapping[SuperCategory, tuple[str, ...]] | None = None,
    ) -> None:
        self.answer = answer
        self.is_away = False
        self.photos: list[Photo] = []
        self.timeouts: list[float | None] = []
        self.running = 0
        self._taxonomy = Taxonomy(1, sub_categories or {}, ())

    @property
    def guides(self) -> list[Guide]:
        return [one.guide for one in self.photos]

    @property
    def options(self) -> list[AnalyzeOptions]:
        return [one.options for one in self.photos]

    async def analyze(
        self,
        photo: Photo,
        *,
        priority: Priority = Priority.INTERACTIVE,
        timeout_s: float | None = None,
    ) -> ImageAnalysis:
        self.check_presence()
        self.photos.append(photo)
        self.timeouts.append(timeout_s)
        self.running += 1
        try:
            return await self.answer(photo.image)
        finally:
            self.running -= 1

    async def taxonomy(self) -> Taxonomy:
        self.check_presence()
        return self._taxonomy

    async def served_models(self) -> ServedModels:
        self.check_presence()
        return ServedModels("r", "g")

    async def vision_server(self) -> str:
        return "fake 1"

    async def is_ready(self) -> bool:
        return not self.is_away

    async def obstacle(self) -> str:
        return ""

    async def close(self) -> None:
        return None

    def check_presence(self) -> None:
        if self.is_away:
            raise VisionUnavailableError("the models are away")
