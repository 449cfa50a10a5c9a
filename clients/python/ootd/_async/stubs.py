"""The contract's services, and the standard health service, over one channel of AsyncClient."""

import grpc
import grpc.aio
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from ootd.v1.search_service_pb2_grpc import SearchServiceStub
from ootd.v1.server_service_pb2_grpc import ServerServiceStub
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub


class AsyncStubs:
    """Makes no call by itself."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.vision = VisionServiceStub(channel)
        self.catalog = CatalogServiceStub(channel)
        self.search = SearchServiceStub(channel)
        self.server = ServerServiceStub(channel)
        # The standard health messages hold one field each and are on the wire what these wrappers
        # are, so the health package is not needed.
        self.health: grpc.aio.UnaryUnaryMultiCallable[StringValue, Int32Value]
        self.health = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=Int32Value.FromString,
        )
