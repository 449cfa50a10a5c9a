"""The contract of the vision models: a photo in, its garments out."""

from typing import Protocol

from ootd_gateway.types import (
    ImageAnalysis,
    Photo,
    Priority,
    ServedModels,
    Taxonomy,
)


class VisionModel(Protocol):
    """The whole vision graph behind one call. Safe for any number of concurrent calls."""

    async def analyze(
        self,
        photo: Photo,
        *,
        priority: Priority = Priority.INTERACTIVE,
        timeout_s: float | None = None,
    ) -> ImageAnalysis:
        """Return the garments of one photo, whose header was checked before.

        `timeout_s` is what is left of the caller's deadline; None is no deadline. Photos of
        priority INTERACTIVE go before those of BULK, which keep a share. A call may be cancelled at
        any time.

        Raises ImageUnreadableError, AttributeModelNotServedError, VisionUnavailableError,
        DeadlineExceededError, InternalError.
        """
        ...

    async def taxonomy(self) -> Taxonomy:
        """Return the names that the served models answer with.

        Raises VisionUnavailableError.
        """
        ...

    async def served_models(self) -> ServedModels:
        """Return the fingerprints of the models that are served now, as far as is known.

        What an answer says of itself goes before this: several vision servers may serve different
        models for a while. Raises VisionUnavailableError.
        """
        ...

    async def vision_server(self) -> str:
        """Return the vision server's name and version, such as "triton 2.51.0"; "": not known."""
        ...

    async def is_ready(self) -> bool:
        """Tell whether a photo would be answered now. Asks nobody, never raises."""
        ...

    async def obstacle(self) -> str:
        """Return why `is_ready` says no, for operators; "" where nothing is known. Never raises."""
        ...

    async def close(self) -> None:
        """Give back connections; no call may follow."""
        ...
