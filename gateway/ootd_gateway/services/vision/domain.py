"""The one way of a photo to the vision models: checked, then analysed."""

from ootd_gateway.images.header import DEFAULT_LIMITS, ImageLimits, check_image
from ootd_gateway.types import CheckedPhoto, ImageAnalysis, Photo, Priority, Taxonomy
from ootd_gateway.vision.base import VisionModel


class PhotoAnalyzer:
    """Checks photos and has the vision models look at them. Safe for concurrent calls."""

    def __init__(self, vision: VisionModel, limits: ImageLimits = DEFAULT_LIMITS) -> None:
        self._vision = vision
        self._limits = limits

    def check(self, photo: Photo) -> CheckedPhoto:
        """Hold a photo's header against the limits; nothing is decoded, no model is asked.

        Raises ImageUnreadableError, ImageTooLargeError, ImageTooManyPixelsError,
        ImageTooSmallError.
        """
        check_image(photo.image, self._limits)
        return CheckedPhoto(photo)

    async def analyze(
        self, photo: CheckedPhoto, *, priority: Priority, timeout_s: float | None
    ) -> ImageAnalysis:
        """Return the photo's garments; `timeout_s` is what is left of the caller's deadline.

        Raises ImageUnreadableError, AttributeModelNotServedError, VisionUnavailableError,
        DeadlineExceededError, InternalError.
        """
        return await self._vision.analyze(photo, priority=priority, timeout_s=timeout_s)

    async def taxonomy(self) -> Taxonomy:
        """Return the names that the served models answer with. Raises VisionUnavailableError."""
        return await self._vision.taxonomy()
