"""Keeps embeddings and colour histograms of different models apart."""

import math
import time

from ootd_gateway.errors import VisionUnavailableError
from ootd_gateway.store.base import CatalogStore, release_mismatch
from ootd_gateway.vision.base import VisionModel


class ReleaseGuard:
    """Knows the served models' fingerprint and holds it against that of the stored vectors."""

    def __init__(self, store: CatalogStore, vision: VisionModel) -> None:
        self._store = store
        self._vision = vision
        self._last_served: str | None = None
        self._stored = ""
        self._stored_at = -math.inf

    async def served(self) -> str:
        """Return the served models' fingerprint; the last one known while Triton is away.

        Raises VisionUnavailableError where none was ever known.
        """
        try:
            self._last_served = (await self._vision.served_models()).vector_fingerprint
        except VisionUnavailableError:
            if self._last_served is None:
                raise
        return self._last_served

    async def check(self, *, max_age_s: float = 0.0) -> str:
        """Return the served fingerprint.

        `max_age_s` is how old the knowledge of the stored one may be.

        Raises ReleaseMismatchError where the stored vectors are of another, VisionUnavailableError,
        StoreUnavailableError.
        """
        served = await self.served()
        if time.monotonic() - self._stored_at > max_age_s:
            self._stored = await self._store.release()
            self._stored_at = time.monotonic()
        if self._stored not in {"", served}:
            raise release_mismatch(stored=self._stored, served=served)
        return served

    async def check_if_known(self, *, max_age_s: float = 0.0) -> None:
        """As `check`, for work that needs no models: passes while they are not reachable."""
        try:
            await self.check(max_age_s=max_age_s)
        except VisionUnavailableError:
            return
