"""A gateway process over the real Triton keeps the contract."""

from collections.abc import Iterator

import pytest
from gateway_contract import TOKEN, GatewayContract

from gateway_process import GatewayProcess
from ootd_gateway.embedded import EmbeddedTriton

pytestmark = pytest.mark.triton


@pytest.fixture(scope="module")
def address(triton: EmbeddedTriton, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    token_file = folder / "tokens"
    token_file.write_text(f"{TOKEN}\n")
    with GatewayProcess(
        folder,
        triton_mode="external",
        triton_address=triton.grpc_url,
        token_file=token_file,
    ) as running:
        yield running.target


class TestRealGateway(GatewayContract):
    """The contract, over this gateway."""
