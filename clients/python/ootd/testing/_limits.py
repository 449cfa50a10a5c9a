"""The contract's numbers, as the comments of protos/ state them; a test holds them to those."""

from ootd.types import ServerLimits

ITEM_ID_CHARACTERS = 128
TITLE_CHARACTERS = 512
ATTRIBUTE_COUNT = 64
ATTRIBUTE_NAME_CHARACTERS = 64
ATTRIBUTE_VALUE_CHARACTERS = 256
PAYLOAD_BYTES = 16 * 1024
CORRELATION_ID_BYTES = 256
EMBEDDING_SIZE = 128
HISTOGRAM_BINS = 56
MAX_K = 1000
DEFAULT_K = 10
MAX_OFFSET = 10_000
MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 100
MAX_DELETED_IDS = 1000
MAX_PATHS = 64
"""Of a field mask."""
MAX_SMALL_REQUEST_BYTES = 1024 * 1024
"""Of a request of a method that takes no photo."""

SERVER_LIMITS = ServerLimits(
    max_image_bytes=20 * 1024 * 1024,
    max_image_pixels=50_000_000,
    min_image_side=16,
    max_request_bytes=32 * 1024 * 1024,
    max_answer_bytes=24 * 1024 * 1024,
    default_deadline_s=15.0,
    max_deadline_s=60.0,
    stream_idle_s=60.0,
)
"""What a gateway takes unless it is set otherwise."""
