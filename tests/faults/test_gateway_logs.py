"""What a log may never hold: photos, tokens, passwords, lines without an end."""

import base64
import json
import random
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from processes import wait_until

from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import ListItemsRequest, UpsertItemsRequest
from ootd.v1.photo_pb2 import Photo
from ootd_gateway.embedded import EmbeddedTriton
from photo_requests import analyze_request, stream_request
from photos import outfit_jpeg

pytestmark = pytest.mark.triton

TOKEN = "sh0p-t0ken-of-these-tests"
LONGEST_LINE = 20_000
BEARER = (("authorization", f"Bearer {TOKEN}"),)


def large_photo() -> bytes:
    """A photo of 1 MiB: bytes after the end of a JPEG are passed over."""
    noise = random.Random(1).randbytes(1 << 20)
    return outfit_jpeg() + noise


def traces(photo: bytes) -> Iterator[str]:
    """How pieces of a photo would look in a log, whichever way they were written."""
    for start in (0, len(photo) // 2, len(photo) - 30):
        piece = photo[start : start + 24]
        yield piece.hex()
        yield repr(piece[:12])[2:-1]
        yield json.dumps(repr(piece[:12])[2:-1])[1:-1]
        for shift in range(3):
            yield base64.b64encode(photo[start + shift : start + shift + 24]).decode()
        yield "".join(f"\\{byte:03o}" for byte in piece[:8])


def check(log: str, photos: list[bytes], secrets: list[str]) -> None:
    longest = max(log.splitlines(), key=lambda line: len(line.encode()))
    assert len(longest.encode()) < LONGEST_LINE, longest[:2000]
    for secret in secrets:
        assert secret not in log
    for photo in photos:
        for trace in traces(photo):
            assert trace not in log, trace
    # Neither a photo that was cut nor anything else that is meant for machines.
    assert not re.search(r"(?:\\x[0-9a-f]{2}){8}|(?:\\\\?[0-7]{3}){8}|[A-Za-z0-9+/=]{300}", log)


def fail_in_every_way(gateway: GatewayProcess, photo: bytes) -> None:
    """Every failing path that a caller can bring about with a photo and a token."""
    analyze = gateway.vision.AnalyzeImage
    request = analyze_request(photo)
    for milliseconds in (1, 5, 20, 40, 80, 150):  # passed deadlines, some within the answer
        for _ in range(4):
            with_deadline = analyze.future(request, timeout=milliseconds / 1000, metadata=BEARER)
            with_deadline.exception()
    for pause in (0.0, 0.01, 0.05, 0.1):  # cancelled calls
        call = analyze.future(request, metadata=BEARER)
        time.sleep(pause)
        call.cancel()
    bad = [
        (analyze_request(photo[:5000] + b"\0" * (1 << 20)), BEARER),  # damaged
        (analyze_request(random.Random(2).randbytes(1 << 20)), BEARER),  # no photo
        (analyze_request(photo * 25), BEARER),  # too large
        (analyze_request(photo * 40), BEARER),  # larger than a message may be
        (request, (("authorization", f"Bearer {TOKEN}-wrong"),)),
        (request, (("authorization", f"Bearer {TOKEN}"), ("x-request-id", TOKEN * 100))),
    ]
    for one, metadata in bad:
        analyze.future(one, timeout=20, metadata=metadata).exception()
    raw: Any = gateway.channel.unary_unary("/ootd.v1.VisionService/AnalyzeImage")
    raw.future(photo, timeout=10, metadata=BEARER).exception()  # bytes that are no message
    elements = (
        stream_request(one, str(n))
        for n, one in enumerate([photo, b"no photo" * 100_000, photo[:4000]])
    )
    list(gateway.vision.AnalyzeImages(elements, timeout=30, metadata=BEARER))
    abandoned = gateway.vision.AnalyzeImages(
        (stream_request(photo, str(n)) for n in range(8)),
        timeout=30,
        metadata=BEARER,
    )
    next(abandoned)
    abandoned.cancel()


@pytest.fixture
def gateway(triton: EmbeddedTriton, tmp_path: Path) -> Iterator[GatewayProcess]:
    (tmp_path / "tokens").write_text(f"{TOKEN}\n")
    made = GatewayProcess(
        tmp_path,
        triton_mode="external",
        triton_address=triton.grpc_url,
        token_file=tmp_path / "tokens",
        database_url=f"sqlite:///{tmp_path}/shop.sqlite",
        log_level="debug",
    )
    with made as running:
        yield running


def test_no_failing_path_writes_photos_tokens_or_long_lines(gateway: GatewayProcess) -> None:
    photo = large_photo()
    fail_in_every_way(gateway, photo)
    with sqlite3.connect(gateway.folder / "shop.sqlite", isolation_level=None) as database:
        # The database fails under a write that holds a photo, as it would with a full disk.
        database.execute("ALTER TABLE counters RENAME TO hidden")
        upsert = UpsertItemsRequest(item_id="sku-1", photo=Photo(image=photo))
        list(gateway.catalog.UpsertItems(iter([upsert]), timeout=30, metadata=BEARER))
        with pytest.raises(grpc.RpcError):
            gateway.catalog.ListItems(ListItemsRequest(), timeout=10, metadata=BEARER)
        database.execute("ALTER TABLE hidden RENAME TO counters")
    assert wait_until(lambda: analyzes(gateway, photo), 30)
    assert gateway.stop() == 0
    check(gateway.log(), [photo], [TOKEN])
    for line in gateway.log().splitlines():
        json.loads(line)  # not one that gRPC wrote on its own


def test_nor_does_a_triton_that_fails(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"{TOKEN}\n")
    photo = large_photo()
    with GatewayProcess(
        tmp_path,
        triton_mode="external",
        triton_address="127.0.0.1:1",
        token_file=tmp_path / "tokens",
        log_level="debug",
    ) as gateway:
        fail_request = analyze_request(photo)
        call = gateway.vision.AnalyzeImage.future(fail_request, timeout=10, metadata=BEARER)
        assert call.exception() is not None
        assert gateway.stop() == 0
    check(gateway.log(), [photo], [TOKEN])


def analyzes(gateway: GatewayProcess, photo: bytes) -> bool:
    call = gateway.vision.AnalyzeImage.future(analyze_request(photo), timeout=30, metadata=BEARER)
    return call.exception() is None
