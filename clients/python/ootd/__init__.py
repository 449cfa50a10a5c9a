"""Typed client of the OOTD gateway: garments in outfit photos, and items that look like them.

    import ootd

    with ootd.Client("localhost:8500") as client:
        for garment in client.analyze_image("outfit.jpg").garments:
            print(garment.super_category, garment.sub_category, garment.box)

`AsyncClient` has the same methods for asyncio. Needs grpcio and protobuf alone; drawing
(`ootd.draw`), sample photos (`ootd.samples`) and the command line (`ootd.cli`) are extras.
"""

from ootd._client_async import AsyncClient
from ootd._client_sync import Client
from ootd.channel import DEFAULT_TARGET, __version__
from ootd.errors import (
    DeadlineExceededError,
    FailedPreconditionError,
    FieldViolation,
    ImageError,
    InternalError,
    InvalidRequestError,
    MessageTooLargeError,
    NotFoundError,
    OotdError,
    OverloadedError,
    UnauthenticatedError,
    UnavailableError,
)
from ootd.retry import RetryPolicy
from ootd.types import (
    ATTRIBUTE_MODELS,
    SUPER_CATEGORIES,
    Attribute,
    AttributeGroup,
    AttributeModel,
    Box,
    BoxOrigin,
    Category,
    DroppedGarment,
    DropReason,
    EmbeddingUpload,
    Garment,
    GarmentHits,
    HealthState,
    Hit,
    ImageAnalysis,
    ImageSearch,
    ImageSource,
    Item,
    ItemUpload,
    Photo,
    PhotoResult,
    Region,
    ScoreParts,
    ServerStatus,
    SuperCategory,
    Taxonomy,
    UpsertResult,
)

__all__ = [
    "ATTRIBUTE_MODELS",
    "DEFAULT_TARGET",
    "SUPER_CATEGORIES",
    "AsyncClient",
    "Attribute",
    "AttributeGroup",
    "AttributeModel",
    "Box",
    "BoxOrigin",
    "Category",
    "Client",
    "DeadlineExceededError",
    "DropReason",
    "DroppedGarment",
    "EmbeddingUpload",
    "FailedPreconditionError",
    "FieldViolation",
    "Garment",
    "GarmentHits",
    "HealthState",
    "Hit",
    "ImageAnalysis",
    "ImageError",
    "ImageSearch",
    "ImageSource",
    "InternalError",
    "InvalidRequestError",
    "Item",
    "ItemUpload",
    "MessageTooLargeError",
    "NotFoundError",
    "OotdError",
    "OverloadedError",
    "Photo",
    "PhotoResult",
    "Region",
    "RetryPolicy",
    "ScoreParts",
    "ServerStatus",
    "SuperCategory",
    "Taxonomy",
    "UnauthenticatedError",
    "UnavailableError",
    "UpsertResult",
    "__version__",
]
