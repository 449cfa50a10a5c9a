"""Stubs of gRPC's own services, whose published types lack methods and channels of asyncio."""

from typing import Any

from grpc_channelz.v1 import channelz_pb2_grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc


def health_stub(channel: Any) -> Any:
    """The health service over a channel of grpc or grpc.aio."""
    return health_pb2_grpc.HealthStub(channel)


def reflection_stub(channel: Any) -> Any:
    """Server reflection over a channel of grpc or grpc.aio."""
    return reflection_pb2_grpc.ServerReflectionStub(channel)


def channelz_stub(channel: Any) -> Any:
    """Channelz over a channel of grpc or grpc.aio."""
    return channelz_pb2_grpc.ChannelzStub(channel)
