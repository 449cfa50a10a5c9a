"""The standard reflection service, in the version that tools ask for and the one before it.

`grpcio-reflection` has `grpc.reflection.v1alpha` alone. Version 1 is the same on the wire, under
another name, so the same servicer answers both; only the descriptor that tells of version 1 itself
has to be made.
"""

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc import aio
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

_FILE = "grpc/reflection/v1/reflection.proto"
_PACKAGE_V1ALPHA, _PACKAGE = "grpc.reflection.v1alpha", "grpc.reflection.v1"
SERVICE_NAME = f"{_PACKAGE}.ServerReflection"


def add_reflection(services: Sequence[str], server: aio.Server) -> None:
    """Let callers ask a server for the descriptions of its services."""
    _describe_v1()
    names = (*services, reflection.SERVICE_NAME, SERVICE_NAME)
    servicer: Any = reflection.aio.ReflectionServicer(names)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE_NAME, {"ServerReflectionInfo": handler}),)
    )


def _describe_v1() -> None:
    """Put the description of version 1 beside that of v1alpha, where nobody has yet."""
    pool = descriptor_pool.Default()
    try:
        pool.FindFileByName(_FILE)
    except KeyError:
        described = descriptor_pb2.FileDescriptorProto()
        reflection_pb2.DESCRIPTOR.CopyToProto(described)
        _rename(described)
        pool.AddSerializedFile(described.SerializeToString())


def _rename(file: descriptor_pb2.FileDescriptorProto) -> None:
    """Give the file of v1alpha the name of version 1, and all that it refers to."""
    file.name, file.package = _FILE, _PACKAGE
    for message in file.message_type:
        for field in message.field:
            if field.HasField("type_name"):
                field.type_name = _of_v1(field.type_name)
    for service in file.service:
        for method in service.method:
            method.input_type = _of_v1(method.input_type)
            method.output_type = _of_v1(method.output_type)


def _of_v1(name: str) -> str:
    return name.replace(f".{_PACKAGE_V1ALPHA}.", f".{_PACKAGE}.", 1)
