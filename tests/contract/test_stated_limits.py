"""The numbers of protos/ are those that the gateway, its fake and the client's words go by."""

import inspect
import re
from dataclasses import dataclass

import pytest
from proto_comments import proto_comments

import ootd
from ootd.errors import ERROR_BY_REASON
from ootd.testing import _limits as fake
from ootd.v1.error_reason_pb2 import ErrorReason
from ootd_gateway import errors, validation
from ootd_gateway.images.header import ImageLimits
from ootd_gateway.rpc.message_limits import MAX_REQUEST_BYTES
from ootd_gateway.rpc.request_sizes import MAX_SMALL_REQUEST_BYTES
from ootd_gateway.services.answer_size import MAX_ANSWER_BYTES
from ootd_gateway.services.catalog.item_fields import MAX_PATHS
from ootd_gateway.services.catalog.servicer import ITEMS_IN_WORK
from ootd_gateway.services.vision.servicer import PHOTOS_IN_WORK

KIB, MIB = 1024, 1024 * 1024
HELD_IN_VALIDATION = (
    "ITEM_ID_CHARACTERS",
    "TITLE_CHARACTERS",
    "ATTRIBUTE_COUNT",
    "ATTRIBUTE_NAME_CHARACTERS",
    "ATTRIBUTE_VALUE_CHARACTERS",
    "PAYLOAD_BYTES",
    "CORRELATION_ID_BYTES",
    "EMBEDDING_SIZE",
    "HISTOGRAM_BINS",
    "MAX_K",
    "DEFAULT_K",
    "MAX_OFFSET",
    "MAX_PAGE_SIZE",
    "DEFAULT_PAGE_SIZE",
    "MAX_DELETED_IDS",
)
OF_GATEWAY: dict[str, int] = {
    **{name: getattr(validation, name) for name in HELD_IN_VALIDATION},
    "MAX_SMALL_REQUEST_BYTES": MAX_SMALL_REQUEST_BYTES,
    "MAX_IMAGE_BYTES": ImageLimits().max_bytes,
    "MAX_IMAGE_PIXELS": ImageLimits().max_pixels,
    "MIN_IMAGE_SIDE": ImageLimits().min_side,
    "MAX_REQUEST_BYTES": MAX_REQUEST_BYTES,
    "MAX_ANSWER_BYTES": MAX_ANSWER_BYTES,
    "MAX_PATHS": MAX_PATHS,
    "ITEMS_IN_WORK": ITEMS_IN_WORK,
    "PHOTOS_IN_WORK": PHOTOS_IN_WORK,
}
OF_FAKE: dict[str, int] = {
    **{name: getattr(fake, name) for name in HELD_IN_VALIDATION},
    "MAX_SMALL_REQUEST_BYTES": fake.MAX_SMALL_REQUEST_BYTES,
    "MAX_IMAGE_BYTES": fake.SERVER_LIMITS.max_image_bytes,
    "MAX_IMAGE_PIXELS": fake.SERVER_LIMITS.max_image_pixels,
    "MIN_IMAGE_SIDE": fake.SERVER_LIMITS.min_image_side,
    "MAX_PATHS": fake.MAX_PATHS,
    "MAX_REQUEST_BYTES": fake.SERVER_LIMITS.max_request_bytes,
    "MAX_ANSWER_BYTES": fake.SERVER_LIMITS.max_answer_bytes,
}
ONLY_OF_GATEWAY = {"ITEMS_IN_WORK", "PHOTOS_IN_WORK"}
"""The fake works on the elements of a stream one after another."""


@dataclass(frozen=True)
class Stated:
    """A limit, and the words that state it; `where` is a name of `proto_comments`."""

    limit: str
    where: str
    words: str
    unit: int = 1

    def __str__(self) -> str:
        return f"{self.where}-{self.limit}"

    def number_in(self, text: str) -> int:
        found = re.search(self.words, text)
        assert found, f"nothing like {self.words!r} in {text!r}"
        return int(found[1]) * self.unit


UPSERT_REQUESTS = ("UpsertItemRequest", "UpsertItemsRequest")
SEARCH_REQUESTS = ("SearchByImageRequest", "SearchByItemRequest", "SearchByEmbeddingRequest")
STATED = (
    Stated("ITEM_ID_CHARACTERS", "CatalogService", r"id 1 to (\d+) characters"),
    Stated("TITLE_CHARACTERS", "CatalogService", r"title at most (\d+) characters"),
    Stated("ATTRIBUTE_COUNT", "CatalogService", r"at most (\d+) attributes"),
    Stated("PAYLOAD_BYTES", "CatalogService", r"payload at most (\d+) KiB", KIB),
    *(
        stated
        for request in UPSERT_REQUESTS
        for stated in (
            Stated("ATTRIBUTE_NAME_CHARACTERS", f"{request}.attributes", r"Names at most (\d+) "),
            Stated("ATTRIBUTE_VALUE_CHARACTERS", f"{request}.attributes", r"values at most (\d+)"),
        )
    ),
    Stated("CORRELATION_ID_BYTES", "AnalyzeImagesRequest.correlation_id", r"At most (\d+) bytes"),
    Stated("EMBEDDING_SIZE", "Embedding", r"vector of (\d+) floats"),
    Stated("EMBEDDING_SIZE", "Embedding.values", r"Exactly (\d+) finite"),
    Stated("HISTOGRAM_BINS", "Garment.color_histogram", r"(\d+) fractions"),
    Stated("HISTOGRAM_BINS", "ItemEmbedding.color_histogram", r"(\d+) values"),
    Stated("HISTOGRAM_BINS", "SearchByEmbeddingRequest.color_histogram", r"(\d+) values"),
    Stated("MAX_K", "SearchService", r"k: 1 to (\d+)"),
    Stated("DEFAULT_K", "SearchService", r"default (\d+)"),
    *(Stated("MAX_K", f"{request}.k", r"1 to (\d+)") for request in SEARCH_REQUESTS),
    *(Stated("DEFAULT_K", f"{request}.k", r"Default: (\d+)") for request in SEARCH_REQUESTS),
    Stated("MAX_OFFSET", "HitOptions.offset", r"0 to (\d+)"),
    Stated("MAX_PAGE_SIZE", "ListItemsRequest.page_size", r"1 to (\d+)"),
    Stated("DEFAULT_PAGE_SIZE", "ListItemsRequest.page_size", r"Default: (\d+)"),
    Stated("MAX_DELETED_IDS", "DeleteItemsRequest.item_ids", r"1 to (\d+) ids"),
    *(
        Stated("MAX_PATHS", field, r"At most (\d+) paths")
        for field in (
            "GetItemRequest.item_fields",
            "ListItemsRequest.item_fields",
            "HitOptions.item_fields",
        )
    ),
    Stated("MAX_IMAGE_BYTES", "Photo", r"at most (\d+) MiB encoded", MIB),
    Stated("MAX_IMAGE_PIXELS", "Photo", r"(\d+) megapixels", 1_000_000),
    Stated("MIN_IMAGE_SIDE", "Photo", r"at least (\d+) px"),
    Stated("MAX_SMALL_REQUEST_BYTES", "ErrorReason", r"(\d+) MiB for a method that takes no", MIB),
    Stated("MAX_REQUEST_BYTES", "ErrorReason", r"a request of more than (\d+) MiB", MIB),
    Stated("MAX_ANSWER_BYTES", "ErrorReason", r"Answers are at most (\d+) MiB", MIB),
    Stated("MAX_ANSWER_BYTES", "SearchService", r"An answer has at most (\d+) MiB", MIB),
    Stated("MAX_ANSWER_BYTES", "CatalogService.ListItems", r"more than (\d+) MiB", MIB),
    Stated("ITEMS_IN_WORK", "CatalogService.UpsertItems", r"at most (\d+) of one stream"),
    Stated("PHOTOS_IN_WORK", "VisionService.AnalyzeImages", r"at most (\d+) of one stream"),
)
STATED_BY_CLIENT = (
    Stated("ITEM_ID_CHARACTERS", "ItemUpload", r"1 to (\d+) of letters"),
    Stated("TITLE_CHARACTERS", "ItemUpload", r"title`: at most (\d+) characters"),
    Stated("ATTRIBUTE_COUNT", "ItemUpload", r"attributes`: at most (\d+)"),
    Stated("PAYLOAD_BYTES", "ItemUpload", r"payload`: at most (\d+) KiB", KIB),
    Stated("EMBEDDING_SIZE", "EmbeddingUpload", r"(\d+) finite values"),
    *(
        Stated("MAX_K", f"Client.search_by_{what}", r"`k` \(1 to (\d+)\)")
        for what in ("image", "item", "embedding")
    ),
    Stated("EMBEDDING_SIZE", "Client.search_by_embedding", r"(\d+) finite values"),
    Stated("HISTOGRAM_BINS", "Client.search_by_embedding", r"`color_histogram` (\d+) of"),
    Stated("MAX_PAGE_SIZE", "Client.list_page", r"`page_size` is 1 to (\d+)"),
    Stated("MAX_DELETED_IDS", "Client.delete_items", r"1 to (\d+) items"),
)
CODES = {
    cls.reason: cls.code
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, errors.OotdError)
}
"""The status of each reason, by the gateway's errors."""


@pytest.mark.parametrize("stated", STATED, ids=str)
def test_the_comments_state_what_is_kept(stated: Stated) -> None:
    number = stated.number_in(proto_comments()[stated.where])
    assert OF_GATEWAY[stated.limit] == number
    if stated.limit not in ONLY_OF_GATEWAY:
        assert OF_FAKE[stated.limit] == number


def test_every_limit_is_stated() -> None:
    stated = {one.limit for one in STATED}
    assert stated == OF_GATEWAY.keys() == OF_FAKE.keys() | ONLY_OF_GATEWAY


@pytest.mark.parametrize("stated", STATED_BY_CLIENT, ids=str)
def test_the_clients_words_state_the_same(stated: Stated) -> None:
    what: object = ootd
    for name in stated.where.split("."):
        what = getattr(what, name)
    words = " ".join((inspect.getdoc(what) or "").split())
    assert stated.number_in(words) == OF_GATEWAY[stated.limit]


@pytest.mark.parametrize(
    "reason", [one.removeprefix("ERROR_REASON_") for one in ErrorReason.keys()[1:]]
)
def test_a_reason_has_the_status_of_its_comment(reason: str) -> None:
    comment = proto_comments()[f"ErrorReason.ERROR_REASON_{reason}"]
    assert re.search(rf"\b{CODES[reason].name}\b", comment)
    assert reason in ERROR_BY_REASON


def test_methods_name_their_errors_with_the_right_status() -> None:
    seen = set()
    for where, comment in proto_comments().items():
        for code, listed in re.findall(r"\b([A-Z_]{6,}) \(([A-Z_, ]+)", comment):
            for reason in re.findall(r"[A-Z_]{6,}", listed):
                if reason in CODES:
                    assert CODES[reason].name == code, (where, reason)
                    seen.add(reason)
    assert len(seen) > 15
