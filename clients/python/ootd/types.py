"""What the client takes and gives: frozen, hashable where its parts are, free of numpy.

Gathered here for callers; the client's own modules import each from where it is defined.
"""

from ootd._certificate import ClientCertificate
from ootd._services.catalog.types import (
    EmbeddingUpload,
    ItemPage,
    ItemUpload,
    Upload,
    UpsertOutcome,
    UpsertResult,
    UpsertSummary,
)
from ootd._services.search.types import GarmentHits, Hit, ImageSearch, ScoreParts
from ootd._services.server.types import HealthState, ServerInfo, ServerLimits, ServerStatus
from ootd._services.vision.types import AttributeGroup, Category, Photo, PhotoResult, Taxonomy
from ootd._shared.garment import (
    Attribute,
    Box,
    BoxOrigin,
    DroppedGarment,
    DropReason,
    Garment,
    ImageAnalysis,
    Region,
)
from ootd._shared.item import Item
from ootd._shared.names import (
    ATTRIBUTE_MODELS,
    SUPER_CATEGORIES,
    AttributeModel,
    SuperCategory,
    super_category,
)
from ootd._shared.photo import BinaryFile, ImageSource, PillowImage
from ootd._shared.vector import FloatArray, FloatVector

__all__ = [
    "ATTRIBUTE_MODELS",
    "SUPER_CATEGORIES",
    "Attribute",
    "AttributeGroup",
    "AttributeModel",
    "BinaryFile",
    "Box",
    "BoxOrigin",
    "Category",
    "ClientCertificate",
    "DropReason",
    "DroppedGarment",
    "EmbeddingUpload",
    "FloatArray",
    "FloatVector",
    "Garment",
    "GarmentHits",
    "HealthState",
    "Hit",
    "ImageAnalysis",
    "ImageSearch",
    "ImageSource",
    "Item",
    "ItemPage",
    "ItemUpload",
    "Photo",
    "PhotoResult",
    "PillowImage",
    "Region",
    "ScoreParts",
    "ServerInfo",
    "ServerLimits",
    "ServerStatus",
    "SuperCategory",
    "Taxonomy",
    "Upload",
    "UpsertOutcome",
    "UpsertResult",
    "UpsertSummary",
    "super_category",
]
