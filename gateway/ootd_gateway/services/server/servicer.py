"""ServerService: tells what answers."""

from functools import partial

from ootd.v1 import photo_pb2
from ootd.v1.server_service_pb2 import DESCRIPTOR, GetServerInfoRequest, GetServerInfoResponse
from ootd.v1.server_service_pb2_grpc import (
    ServerServiceServicer,
    add_ServerServiceServicer_to_server,
)
from ootd_gateway.rpc.interceptors.around import Context
from ootd_gateway.rpc.service_binding import ServiceBinding
from ootd_gateway.services.server.domain import ServerInformation, ServerLimits
from ootd_gateway.types import AttributeModel

_ATTRIBUTE_MODELS = {
    AttributeModel.TAGGER: photo_pb2.ATTRIBUTE_MODEL_TAGGER,
    AttributeModel.SEQUENCER: photo_pb2.ATTRIBUTE_MODEL_SEQUENCER,
}


SERVICE = DESCRIPTOR.services_by_name["ServerService"]
"""What the contract says of it."""


class ServerService(ServerServiceServicer):
    """Answers from what the gateway knows of itself, its models and its database."""

    def __init__(self, information: ServerInformation) -> None:
        self._information = information

    def binding(self) -> ServiceBinding:
        """Return the service as the server takes it."""
        return ServiceBinding(SERVICE, partial(add_ServerServiceServicer_to_server, self))

    async def GetServerInfo(
        self, request: GetServerInfoRequest, context: Context
    ) -> GetServerInfoResponse:
        """Tell versions, models and limits."""
        facts = self._information.facts
        now = await self._information.now()
        return GetServerInfoResponse(
            version=facts.version,
            minimum_client_version=facts.minimum_client_version,
            taxonomy_version=now.taxonomy_version,
            vector_fingerprint=now.models.vector_fingerprint,
            stored_vector_fingerprint=now.stored_vector_fingerprint,
            graph_fingerprint=now.models.graph_fingerprint,
            vision_server=now.vision_server,
            attribute_model=_ATTRIBUTE_MODELS[facts.attribute_model],
            color_weight=facts.color_weight,
            limits=_limits(facts.limits),
        )


def _limits(limits: ServerLimits) -> GetServerInfoResponse.Limits:
    return GetServerInfoResponse.Limits(
        max_image_bytes=limits.max_image_bytes,
        max_image_pixels=limits.max_image_pixels,
        min_image_side=limits.min_image_side_pixels,
        max_request_bytes=limits.max_request_bytes,
        max_answer_bytes=limits.max_answer_bytes,
        default_deadline_seconds=limits.default_deadline_seconds,
        max_deadline_seconds=limits.max_deadline_seconds,
        stream_idle_seconds=limits.stream_idle_seconds,
    )
