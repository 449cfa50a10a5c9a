"""The gateway that users test with keeps the contract."""

from collections.abc import Iterator

import pytest
from contract_requests import photo_of_nothing
from gateway_contract import TOKEN, GatewayContract

from ootd import ImageAnalysis
from ootd.testing import FakeGateway
from ootd.types import Box, SuperCategory


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with FakeGateway(token=TOKEN) as gateway:
        make_up = gateway.analyze

        def analyze(
            image: bytes, category: SuperCategory | None, region: Box | None
        ) -> ImageAnalysis:
            """What is made up, but for the photo that shows nothing."""
            if image == photo_of_nothing() and region is None:
                return ImageAnalysis(400, 300, ())
            return make_up(image, category, region)

        gateway.analyze = analyze
        yield gateway.target


class TestFakeGateway(GatewayContract):
    """The contract, over this gateway."""
