"""What answers at the address is no gateway."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

import ootd
from ootd import AsyncClient, Client, Photo


@pytest.fixture
def other() -> Iterator[str]:
    """A gRPC server of another kind, such as Triton."""
    server = grpc.server(ThreadPoolExecutor(4))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_another_grpc_server_is_no_gateway(other: str, photo: bytes) -> None:
    with Client(other) as client:
        for call in (
            lambda: client.analyze_image(photo),
            lambda: client.upsert_item(ootd.ItemUpload("a", photo)),
            lambda: list(client.analyze_images([Photo("a", photo)])),
            client.status,
            client.server_info,
        ):
            with pytest.raises(ootd.NoGatewayError, match=f"at {other} is no OOTD gateway"):
                call()
    assert issubclass(ootd.NoGatewayError, ootd.UnavailableError)


async def test_within_asyncio(other: str, photo: bytes) -> None:
    async with AsyncClient(other) as client:
        with pytest.raises(ootd.NoGatewayError):
            await client.analyze_image(photo)
