"""ServerService, as a FakeGateway has it."""

import grpc

from ootd._services.server.types import ServerInfo
from ootd.testing._answering import answer
from ootd.testing._services.service import FakeService, State
from ootd.v1 import photo_pb2, server_service_pb2
from ootd.v1.server_service_pb2_grpc import (
    ServerServiceServicer,
    add_ServerServiceServicer_to_server,
)

# ruff: noqa: N802 - methods are named by the contract


class _Server(ServerServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def GetServerInfo(
        self, request: server_service_pb2.GetServerInfoRequest, context: grpc.ServicerContext
    ) -> server_service_pb2.GetServerInfoResponse:
        del request  # It has no fields.
        state = self._state
        return answer(state, "GetServerInfo", context, lambda: _server_info(state.server_info))


def _server_info(one: ServerInfo) -> server_service_pb2.GetServerInfoResponse:
    """Return the message of what a gateway tells of itself."""
    model = f"ATTRIBUTE_MODEL_{(one.attribute_model or 'unspecified').upper()}"
    limits = one.limits
    return server_service_pb2.GetServerInfoResponse(
        version=one.version,
        minimum_client_version=one.minimum_client_version,
        taxonomy_version=one.taxonomy_version,
        vector_fingerprint=one.vector_fingerprint,
        stored_vector_fingerprint=one.stored_vector_fingerprint,
        graph_fingerprint=one.graph_fingerprint,
        vision_server=one.vision_server,
        attribute_model=photo_pb2.AttributeModel.Value(model),
        color_weight=one.color_weight,
        limits=server_service_pb2.GetServerInfoResponse.Limits(
            max_image_bytes=limits.max_image_bytes,
            max_image_pixels=limits.max_image_pixels,
            min_image_side=limits.min_image_side,
            max_request_bytes=limits.max_request_bytes,
            max_answer_bytes=limits.max_answer_bytes,
            default_deadline_seconds=limits.default_deadline_s,
            max_deadline_seconds=limits.max_deadline_s,
            stream_idle_seconds=limits.stream_idle_s,
        ),
    )


SERVICE = FakeService(
    server_service_pb2.DESCRIPTOR.services_by_name["ServerService"],
    lambda state, server: add_ServerServiceServicer_to_server(_Server(state), server),
)
