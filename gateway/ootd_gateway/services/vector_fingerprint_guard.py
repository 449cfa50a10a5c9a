"""Keeps embeddings and colour histograms of different models apart."""

import math
import time

from ootd_gateway.errors import VisionUnavailableError
from ootd_gateway.store.catalog.base import CatalogStore, vector_fingerprint_mismatch
from ootd_gateway.types import ServedModels
from ootd_gateway.vision.base import VisionModel

FINGERPRINT_AGE_S = 1.0
"""How old the knowledge of the stored fingerprint may be where nothing is written: one read of the
database a second tells soon enough."""


class VectorFingerprintGuard:
    """Knows which models answer, and which made the stored vectors. One is shared by all calls.

    What an answer says of itself is the truth about its vectors: several vision servers may serve
    different models for a while.
    """

    def __init__(self, store: CatalogStore, vision: VisionModel) -> None:
        self._store = store
        self._vision = vision
        self._told: ServedModels | None = None
        self._known: ServedModels | None = None
        self._stored = ""
        self._stored_at = -math.inf

    async def served(self) -> ServedModels:
        """Return the fingerprints of the models that are served, by the newest word of an answer or
        of the vision server; the last ones known while it is away.

        Raises VisionUnavailableError where none were ever known.
        """
        try:
            told = await self._vision.served_models()
        except VisionUnavailableError:
            if self._known is None:
                raise
            return self._known
        # An answer goes before what is told, until another thing is told.
        if self._known is None or self._told not in {None, told}:
            self._known = told
        self._told = told
        return self._known

    def answered(self, served: ServedModels) -> None:
        """Take note of the models that an answer names."""
        self._known = served

    async def stored(self, *, max_age_s: float = 0.0) -> str:
        """Return the fingerprint of the stored vectors' models; "" where nothing is stored.

        `max_age_s` is how old the knowledge of it may be. Raises StoreUnavailableError.
        """
        if time.monotonic() - self._stored_at > max_age_s:
            self._stored = await self._store.vector_fingerprint()
            self._stored_at = time.monotonic()
        return self._stored

    def wrote(self, vector_fingerprint: str) -> None:
        """Take note that the store took vectors of these models, so that it has no others."""
        self._stored = vector_fingerprint
        self._stored_at = time.monotonic()

    async def check(self, vector_fingerprint: str, *, max_age_s: float = 0.0) -> None:
        """Raise VectorFingerprintMismatchError where the stored vectors were made by other models.

        `max_age_s` is as in `stored`. Raises StoreUnavailableError.
        """
        stored = await self.stored(max_age_s=max_age_s)
        if stored not in {"", vector_fingerprint}:
            raise vector_fingerprint_mismatch(stored=stored, served=vector_fingerprint)

    async def of_caller(self, stated: str, *, max_age_s: float = 0.0) -> str:
        """Return the fingerprint of a vector that a caller brings, who may have `stated` it.

        A stated one is held against the stored vectors', where there are none against the served
        models'; where it is not stated ("") the caller answers for the served models. `max_age_s`
        is as in `stored`.

        Raises VectorFingerprintMismatchError, VisionUnavailableError, StoreUnavailableError.
        """
        if not stated:
            return (await self.served()).vector_fingerprint
        stored = await self.stored(max_age_s=max_age_s)
        reference = stored or (await self.served()).vector_fingerprint
        if reference not in {"", stated}:
            raise vector_fingerprint_mismatch(stored=reference, served=stated)
        return stated

    async def check_query(self, stated: str, *, max_age_s: float = 0.0) -> None:
        """Check a vector that a caller searches with; `stated` as in `of_caller`.

        Where it is not stated and the models were never known, it passes: a search stores nothing.
        Raises VectorFingerprintMismatchError, StoreUnavailableError.
        """
        try:
            made_by = await self.of_caller(stated, max_age_s=max_age_s)
            await self.check(made_by, max_age_s=max_age_s)
        except VisionUnavailableError:
            return
