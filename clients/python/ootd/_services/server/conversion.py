"""From the messages of ServerService to the client's types; no network, no files."""

from ootd._services.server.types import ServerInfo, ServerLimits
from ootd._shared.names import ATTRIBUTE_MODELS
from ootd.v1 import server_service_pb2


def server_info_from_proto(message: server_service_pb2.GetServerInfoResponse) -> ServerInfo:
    """Return versions, models and limits of a gateway."""
    model = message.attribute_model
    limits = message.limits
    return ServerInfo(
        version=message.version,
        minimum_client_version=message.minimum_client_version,
        taxonomy_version=message.taxonomy_version,
        vector_fingerprint=message.vector_fingerprint,
        stored_vector_fingerprint=message.stored_vector_fingerprint,
        graph_fingerprint=message.graph_fingerprint,
        vision_server=message.vision_server,
        attribute_model=ATTRIBUTE_MODELS[model - 1]
        if 1 <= model <= len(ATTRIBUTE_MODELS)
        else None,
        color_weight=message.color_weight,
        limits=ServerLimits(
            max_image_bytes=limits.max_image_bytes,
            max_image_pixels=limits.max_image_pixels,
            min_image_side=limits.min_image_side,
            max_request_bytes=limits.max_request_bytes,
            max_answer_bytes=limits.max_answer_bytes,
            default_deadline_s=limits.default_deadline_seconds,
            max_deadline_s=limits.max_deadline_seconds,
            stream_idle_s=limits.stream_idle_seconds,
        ),
    )
