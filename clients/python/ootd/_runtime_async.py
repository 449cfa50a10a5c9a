"""What AsyncClient does in another way than Client; the counterpart is _runtime_sync."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import grpc
import grpc.aio

from ootd._ledger import Ledger
from ootd.errors import DeadlineExceededError, from_rpc_error
from ootd.types import ImageSource

__all__ = ["Source", "aclosing", "iterate", "read_image", "responses", "sleep"]

_Element = TypeVar("_Element")
_Answer = TypeVar("_Answer")

Source: TypeAlias = Iterable[_Element] | AsyncIterable[_Element]
"""Elements of a stream, as they become ready."""

sleep = asyncio.sleep


async def iterate(source: Source[_Element]) -> AsyncIterator[_Element]:
    """Yield the elements of an iterable of either kind."""
    if isinstance(source, AsyncIterable):
        async for element in source:
            yield element
        return
    for element in source:
        yield element


async def read_image(image: ImageSource) -> bytes:
    """Return the bytes of a photo, read beside the event loop where it is a path.

    Raises OSError where the file cannot be read.
    """
    if isinstance(image, bytes):
        return image
    return await asyncio.to_thread(Path(image).read_bytes)


async def responses(
    call: grpc.aio.StreamStreamCall[Any, _Answer],
    ledger: Ledger,
    timeout_s: float,
    request_id: str,
) -> AsyncGenerator[_Answer, None]:
    """Yield a stream's answers; the call is cancelled when the iterator is closed.

    Raises DeadlineExceededError where an answer takes longer than `timeout_s`, else what the call
    fails with.
    """
    try:
        while True:
            ledger.reading()
            reading: asyncio.Task[Any] = asyncio.ensure_future(call.read())
            while not reading.done():
                left_s = ledger.left_s(timeout_s)
                if left_s <= 0:
                    raise DeadlineExceededError(
                        f"the stream's next answer took longer than {timeout_s:g} s",
                        code=grpc.StatusCode.DEADLINE_EXCEEDED,
                        reason="DEADLINE_EXCEEDED",
                        request_id=request_id,
                    )
                await asyncio.wait({reading}, timeout=left_s)
            answer = reading.result()
            if answer is grpc.aio.EOF:
                return
            yield answer
    except grpc.RpcError as error:
        raise from_rpc_error(error, request_id) from None
    finally:
        call.cancel()
