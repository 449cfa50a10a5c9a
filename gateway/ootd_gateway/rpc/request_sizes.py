"""How large the requests of a method may be: those that carry photos, and the others."""

from functools import lru_cache

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from ootd_gateway.rpc.message_limits import MAX_REQUEST_BYTES

MAX_SMALL_REQUEST_BYTES = 1024 * 1024
"""Of methods that take no photo: several times their largest valid request, 1000 ids."""

_PHOTO = "image"


@lru_cache(maxsize=256)
def largest_request(path: str) -> int:
    """Return the most bytes of a request of the method "/package.Service/Method"."""
    service, _, name = path.lstrip("/").rpartition("/")
    try:
        method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
    except KeyError:
        return MAX_REQUEST_BYTES
    return MAX_REQUEST_BYTES if _has_photo(method.input_type, ()) else MAX_SMALL_REQUEST_BYTES


def _has_photo(message: Descriptor, above: tuple[Descriptor, ...]) -> bool:
    for field in message.fields:
        if field.name == _PHOTO and field.type == FieldDescriptor.TYPE_BYTES:
            return True
        inner = field.message_type
        if inner is not None and inner not in above and _has_photo(inner, (*above, message)):
            return True
    return False
