"""One gateway process over the real Triton, for all end-to-end tests."""

from collections.abc import Iterator

import pytest

from gateway_process import GatewayProcess
from ootd_gateway.embedded import EmbeddedTriton


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.triton)


@pytest.fixture(scope="session")
def gateway(
    triton: EmbeddedTriton, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("gateway")
    with GatewayProcess(folder, triton_mode="external", triton_address=triton.grpc_url) as running:
        yield running
