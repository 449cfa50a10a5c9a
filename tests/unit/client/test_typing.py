"""What callers write is clean under mypy --strict, with arrays and photos of all kinds."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CLEAN = """
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import ootd
from ootd.testing import FakeGateway


def photos(client: ootd.Client, array: NDArray[np.float32]) -> None:
    for image in (b"", bytearray(), memoryview(b""), io.BytesIO(), "a.jpg", Path("a.jpg")):
        client.analyze_image(image)
    client.analyze_image(Image.new("RGB", (1, 1)))
    with open("a.jpg", "rb") as file:
        client.search_by_image(file, k=3, fields=["title"], min_score=0.5)
    client.search_by_embedding(array, "bag", color_histogram=[0.5] * 56)
    client.search_by_embedding(np.ones(128), "bag")
    client.search_by_embedding([0.5] * 128, ootd.super_category("bag"))
    uploads: list[ootd.Upload] = [
        ootd.EmbeddingUpload("a", array, "bag"),
        ootd.EmbeddingUpload("a", [0.5] * 128, "bag"),
        ootd.ItemUpload("a", Image.new("RGB", (1, 1))),
    ]
    summary: ootd.UpsertSummary = client.upsert_items(uploads, on_result=print)
    print(summary.stored, [one.error for one in summary.failed])
    stream: Iterator[ootd.UpsertResult] = client.iter_upsert_items(uploads)
    outcome: ootd.UpsertOutcome | None = next(stream).outcome
    page: ootd.ItemPage = client.list_page(token="", fields=("title",))
    print(outcome, page.next_token)
    search: ootd.SearchClient = client.search
    hits: tuple[ootd.Hit, ...] = search.by_embedding(array, "bag", k=3)
    vision: ootd.VisionClient = client.vision
    print(hits, vision.analyze_image("a.jpg").garments, client.server.info().version)


async def same(client: ootd.AsyncClient, array: NDArray[np.float64]) -> ootd.ServerInfo:
    async def source() -> AsyncIterator[ootd.Photo]:
        yield ootd.Photo("a", b"")

    async for result in client.analyze_images(source()):
        print(result.analysis)
    await client.search_by_embedding(array, "bag")
    catalog: ootd.AsyncCatalogClient = client.catalog
    async for item in catalog.list_items(super_category="bag"):
        print(item.title)
    print((await client.server.status()).problems)
    return await client.server_info(timeout_s=1, metadata={"x": "y"})


def make(certificate: ootd.ClientCertificate) -> None:
    async def token() -> str:
        return "x"

    ootd.Client(token=lambda: "x", client_certificate=certificate, compression="gzip")
    ootd.AsyncClient(token=token, channel_options={"grpc.keepalive_time_ms": 1})
    with FakeGateway() as gateway:
        gateway.fail_next("GetItem", ootd.NotFoundError("x"))
        gateway.delay_next("GetItem", 0.1)
"""

FAULTY = {
    'ootd.Client().upsert_items([b"x"])': "list-item",
    'ootd.Client().search_by_embedding("abc", "hat")': "arg-type",
    "ootd.Client().analyze_image(7)": "arg-type",
    'ootd.Client(compression="zip")': "arg-type",
    "ootd.Client().delete_items(5)": "arg-type",
    "ootd.Client().search.by_item(5)": "arg-type",
    "ootd.Client().server_info(timeout=1)": "call-arg",
    "ootd.Client().by_item": "attr-defined",
    "ootd.Client().upsert_items([]).changed": "attr-defined",
}


def mypy(folder: Path, source: str) -> str:
    (folder / "caller.py").write_text(source)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder), "caller.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.skipif(not find_spec("mypy"), reason="mypy is not installed")
def test_callers_are_typed(tmp_path: Path) -> None:
    assert mypy(tmp_path, CLEAN) == "Success: no issues found in 1 source file\n"
    lines = "\n".join(FAULTY)
    found = mypy(tmp_path, f"import ootd\n{lines}\n")
    for number, (line, code) in enumerate(FAULTY.items(), start=2):
        assert f"caller.py:{number}: error:" in found, line
        assert f"[{code}]" in found, line
