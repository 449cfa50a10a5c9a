"""Log lines: short, and without photos, tokens and passwords, whatever is logged."""

import asyncio
import base64
import io
import json
import logging
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import structlog
from steered_calls import PHOTO, failure
from steered_gateway import Serve

from ootd_gateway.telemetry.log_privacy import MAX_LINE_BYTES, safe_text
from ootd_gateway.telemetry.logs import LogFormat, configure_logging
from ootd_gateway.types import ImageAnalysis
from photo_requests import analyze_request

TOKEN = "s3cret-token-1"
BYTES = random.Random(7).randbytes(1 << 20)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


Start = Callable[..., io.StringIO]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts logging into a text that is returned."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def start(log_format: LogFormat = "json", written: io.StringIO | None = None) -> io.StringIO:
        written = written or io.StringIO()
        monkeypatch.setattr(sys, "stderr", written)
        configure_logging(level="info", log_format=log_format)
        return written

    yield start
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def handle(request: Any, error: BaseException) -> None:
    token = f"Bearer {TOKEN}"
    metadata = {"authorization": token}
    copies = [request.photo.image, metadata]
    if error:
        raise error
    assert copies


def check(text: str) -> None:
    assert TOKEN not in text
    for piece in (BYTES[:16], BYTES[1000:1016]):
        for trace in (piece.hex(), base64.b64encode(piece[:15]).decode(), repr(piece)[4:-1]):
            assert trace not in text
            assert json.dumps(trace)[1:-1] not in text


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_over_a_photo_and_a_token_holds_neither(
    logged: Start, log_format: LogFormat
) -> None:
    written = logged(log_format)
    began = time.perf_counter()
    try:
        handle(analyze_request(BYTES), RuntimeError("a bug"))
    except RuntimeError:
        structlog.get_logger("x").exception("unexpected error")
    assert time.perf_counter() - began < 2
    text = written.getvalue()
    check(text)
    assert len(text.encode()) < 20_000
    assert "a bug" in text
    assert "handle" in text  # where it was


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    "value",
    [
        BYTES,
        repr(BYTES),
        str(analyze_request(BYTES)),
        analyze_request(BYTES),
        base64.b64encode(BYTES).decode(),
        BYTES.hex(),
        [BYTES] * 1000,
        {f"key {n}": repr(BYTES[:3000]) for n in range(1000)},
        {"a": {"b": {"c": [{"d": ({"e": BYTES},)}]}}},
        np.frombuffer(BYTES, dtype=np.uint8),
        f"metadata (('authorization', 'Bearer {TOKEN}'),)",
        f"authorization: bearer {TOKEN}",
        f"cannot connect to postgresql://shop:{TOKEN}@db/catalogue",
        "x" * 10_000_000,
        "line\n" * 100_000,
        ["é" * 2000] * 60,
    ],
)
def test_values_are_cut_and_cleaned(logged: Start, log_format: LogFormat, value: Any) -> None:
    written = logged(log_format)
    began = time.perf_counter()
    structlog.get_logger("x").warning("odd", value=value, request_id="r-1")
    logging.getLogger("some.library").warning("odd %s", value)
    assert time.perf_counter() - began < 5
    text = written.getvalue()
    check(text)
    assert "r-1" in text
    if log_format == "json":
        for line in text.splitlines():
            assert len(line.encode()) <= MAX_LINE_BYTES
            assert json.loads(line)["level"] == "warning"
    else:
        assert len(text.encode()) < 3 * MAX_LINE_BYTES


def test_a_deep_traceback_is_cut_where_the_fault_is_not(logged: Start) -> None:
    written = logged()

    def dig(depth: int) -> None:
        if depth == 0:
            raise ValueError(repr(BYTES))
        dig(depth - 1)

    try:
        dig(400)
    except ValueError:
        structlog.get_logger("x").exception("deep")
    (line,) = written.getvalue().splitlines()
    assert len(line.encode()) <= MAX_LINE_BYTES
    told = json.loads(line)
    assert told["event"] == "deep"
    assert told["exception"][-1]["exc_type"] == "ValueError"
    check(line)


def test_what_grpc_says_of_callers_that_are_gone_is_left_out(logged: Start) -> None:
    class ExecuteBatchError(Exception):
        """As gRPC's, which cannot be made here."""

    written = logged()
    for error in (ExecuteBatchError("Failed"), asyncio.CancelledError()):
        logging.getLogger("grpc._cython.cygrpc").error("in %s", "a call", exc_info=error)
    logging.getLogger("grpc._cython.cygrpc").error("ExecuteBatchError raised in core by …")
    assert written.getvalue() == ""
    logging.getLogger("grpc._cython.cygrpc").error("another fault")
    assert "another fault" in written.getvalue()


async def test_a_task_that_nobody_waits_for_tells_no_photo(logged: Start) -> None:
    written = logged()

    async def fail(image: bytes) -> None:
        raise ValueError(f"cannot use {image!r} with Bearer {TOKEN}")

    task = asyncio.ensure_future(fail(BYTES))
    await asyncio.wait([task])
    del task
    await asyncio.sleep(0)
    text = written.getvalue()
    assert "Task exception was never retrieved" in text
    assert len(text.encode()) < 20_000
    check(text)


async def test_a_bug_in_a_call_is_logged_without_what_the_caller_sent(
    logged: Start, serve: Serve
) -> None:
    written = logged()
    served = await serve()

    async def broken(image: bytes) -> ImageAnalysis:
        raise KeyError(image * 1000)

    served.vision.answer = broken
    await failure(served.stub.AnalyzeImage(PHOTO, metadata=(("authorization", f"Bearer {TOKEN}"),)))
    (line,) = [one for one in written.getvalue().splitlines() if "unexpected error" in one]
    assert len(line.encode()) < 20_000
    assert "IHDR" not in line  # the photo is a PNG
    assert TOKEN not in line
    assert json.loads(line)["request_id"]
    assert '"name": "broken"' in line  # the traceback is there


def test_format_follows_the_terminal(logged: Start) -> None:
    written = logged("auto")
    structlog.get_logger("x").info("to a file")
    assert json.loads(written.getvalue())["event"] == "to a file"
    written = logged("auto", Terminal())
    structlog.get_logger("x").info("to a terminal")
    assert "to a terminal" in written.getvalue()
    assert not written.getvalue().startswith("{")
    assert "\x1b[" in written.getvalue()


def test_ordinary_words_stay() -> None:
    for text in (
        "it's 3 o'clock, isn't it",
        'the photo is no JPEG: "text/plain"',
        "/var/lib/ootd/data/model_repository/embedder/1/model.onnx",
        "the bearer token of the call is not one of the server's",
        "3f2a-81d0 and 9b1c-81d0, ratio 0.25, sha256 " + "a1" * 32,
        "dns:///triton:8001",
    ):
        assert safe_text(text) == text
