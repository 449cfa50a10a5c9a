"""The standard health service, as a FakeGateway has it."""

from collections.abc import Set as AbstractSet

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from ootd.testing._services.service import State

_SERVING, _NOT_SERVING = 1, 2


def add_health(state: State, server: grpc.Server, services: AbstractSet[str]) -> None:
    """Let a server tell the health of these services, "" among them for the whole."""

    def check(request: StringValue, context: grpc.ServicerContext) -> Int32Value:
        if request.value not in services:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return Int32Value(value=_SERVING if state.is_serving else _NOT_SERVING)

    # On the wire, these wrappers are what the messages of the health service are.
    handler = grpc.unary_unary_rpc_method_handler(
        check, StringValue.FromString, Int32Value.SerializeToString
    )
    service = "grpc.health.v1.Health"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"Check": handler}),)
    )
