"""Typed client of the OOTD gateway: garments in outfit photos, and items that look like them.

    import ootd

    with ootd.Client("localhost:8500") as client:
        for garment in client.analyze_image("outfit.jpg").garments:
            print(garment.super_category, garment.sub_category, garment.box)

Each service has a client of its own too: `client.vision`, `client.catalog`, `client.search`,
`client.server`. `AsyncClient` has the same for asyncio. Needs grpcio and protobuf alone; drawing
(`ootd.draw`), drawn photos (package `ootd_samples`) and the command line (`ootd.cli`) are extras.
"""

from ootd import _core_log  # noqa: F401 - before anything imports grpc

# isort: split
from ootd._compatibility import CompatibilityWarning
from ootd._services.catalog.async_client import AsyncCatalogClient
from ootd._services.catalog.sync_client import CatalogClient
from ootd._services.search.async_client import AsyncSearchClient
from ootd._services.search.sync_client import SearchClient
from ootd._services.server.async_client import AsyncServerClient
from ootd._services.server.sync_client import ServerClient
from ootd._services.vision.async_client import AsyncVisionClient
from ootd._services.vision.sync_client import VisionClient
from ootd.async_client import AsyncClient
from ootd.channel import DEFAULT_TARGET, Compression, __version__
from ootd.errors import (
    ClosedError,
    DeadlineExceededError,
    FailedPreconditionError,
    FieldViolation,
    ImageError,
    InternalError,
    InvalidRequestError,
    MessageTooLargeError,
    NoGatewayError,
    NotFoundError,
    OotdError,
    OverloadedError,
    TlsError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
)
from ootd.retry import RetryPolicy
from ootd.sync_client import Client
from ootd.types import (
    ATTRIBUTE_MODELS,
    SUPER_CATEGORIES,
    Attribute,
    AttributeGroup,
    AttributeModel,
    BinaryFile,
    Box,
    BoxOrigin,
    Category,
    ClientCertificate,
    DroppedGarment,
    DropReason,
    EmbeddingUpload,
    FloatArray,
    FloatVector,
    Garment,
    GarmentHits,
    HealthState,
    Hit,
    ImageAnalysis,
    ImageSearch,
    ImageSource,
    Item,
    ItemPage,
    ItemUpload,
    Photo,
    PhotoResult,
    PillowImage,
    Region,
    ScoreParts,
    ServerInfo,
    ServerLimits,
    ServerStatus,
    SuperCategory,
    Taxonomy,
    Upload,
    UpsertOutcome,
    UpsertResult,
    UpsertSummary,
    super_category,
)

__all__ = [
    "ATTRIBUTE_MODELS",
    "DEFAULT_TARGET",
    "SUPER_CATEGORIES",
    "AsyncCatalogClient",
    "AsyncClient",
    "AsyncSearchClient",
    "AsyncServerClient",
    "AsyncVisionClient",
    "Attribute",
    "AttributeGroup",
    "AttributeModel",
    "BinaryFile",
    "Box",
    "BoxOrigin",
    "CatalogClient",
    "Category",
    "Client",
    "ClientCertificate",
    "ClosedError",
    "CompatibilityWarning",
    "Compression",
    "DeadlineExceededError",
    "DropReason",
    "DroppedGarment",
    "EmbeddingUpload",
    "FailedPreconditionError",
    "FieldViolation",
    "FloatArray",
    "FloatVector",
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
    "ItemPage",
    "ItemUpload",
    "MessageTooLargeError",
    "NoGatewayError",
    "NotFoundError",
    "OotdError",
    "OverloadedError",
    "Photo",
    "PhotoResult",
    "PillowImage",
    "Region",
    "RetryPolicy",
    "ScoreParts",
    "SearchClient",
    "ServerClient",
    "ServerInfo",
    "ServerLimits",
    "ServerStatus",
    "SuperCategory",
    "Taxonomy",
    "TlsError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedError",
    "Upload",
    "UpsertOutcome",
    "UpsertResult",
    "UpsertSummary",
    "VisionClient",
    "__version__",
    "super_category",
]
