"""A client of the running Triton, and photos drawn for the tests."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from model_calls import Analyze, Array, Arrays, Encode, Guide, Infer
from PIL import Image, ImageDraw
from tritonclient import grpc as triton_grpc
from tritonclient.utils import np_to_triton_dtype

from ootd_gateway.embedded import EmbeddedTriton


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/triton/" in item.path.as_posix():
            item.add_marker(pytest.mark.triton)


@pytest.fixture(scope="session")
def client(triton: EmbeddedTriton) -> Iterator[triton_grpc.InferenceServerClient]:
    with triton_grpc.InferenceServerClient(triton.grpc_url) as connection:
        yield connection


@pytest.fixture(scope="session")
def infer(client: triton_grpc.InferenceServerClient) -> Infer:
    """Calls one model: arrays by input name in, arrays by output name out."""

    def call(model: str, **arrays: Array) -> Arrays:
        inputs = []
        for name, array in arrays.items():
            tensor = triton_grpc.InferInput(name, array.shape, np_to_triton_dtype(array.dtype))
            tensor.set_data_from_numpy(array)
            inputs.append(tensor)
        result = client.infer(model, inputs)
        return {
            output.name: result.as_numpy(output.name) for output in result.get_response().outputs
        }

    return call


@pytest.fixture(scope="session")
def analyze(infer: Infer) -> Analyze:
    """Calls an ensemble for one encoded photo; without a guide nothing is known."""

    def call(
        image: bytes,
        guide: Guide = (0, -1, 0, 0, 0, 0),
        threshold: float = -1,
        ensemble: str = "ootd",
    ) -> Arrays:
        encoded = np.frombuffer(image, np.uint8)[None]
        return infer(ensemble, IMAGE=encoded, GUIDE=np.array([[*guide, threshold]], np.float32))

    return call


@pytest.fixture(scope="session")
def drawing() -> Image.Image:
    """A smooth picture of 360 x 500 px without symmetry, so that a turned one is another one."""
    x, y = np.meshgrid(np.linspace(0, 1, 360), np.linspace(0, 1, 500))
    background = np.stack([x, y, 1 - x * y], axis=-1) * 200 + 30
    image = Image.fromarray(background.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.rectangle((90, 60, 250, 240), fill=(200, 40, 40))
    pen.rectangle((110, 240, 230, 430), fill=(30, 50, 120))
    pen.ellipse((120, 430, 220, 480), fill=(20, 20, 20))
    return image


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Image to bytes of a format that PIL can write."""

    def call(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return call
