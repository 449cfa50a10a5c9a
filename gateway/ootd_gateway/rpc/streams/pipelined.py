"""Works on the elements of a stream side by side and answers in their order."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from ootd_gateway.rpc.admission import shutting_down

Request = TypeVar("Request")
Response = TypeVar("Response")


async def pipelined(
    requests: AsyncIterator[Request],
    answer: Callable[[Request], Awaitable[Response]],
    *,
    width: int,
    closing: asyncio.Event,
) -> AsyncGenerator[Response]:
    """Yield `answer(request)` for each request, in their order, at most `width` at a time.

    An element counts from being read until its answer was taken, so a caller that does not read
    its answers makes reading pause, and memory stays bounded. Once `closing` is set nothing more is
    read, and what was read is answered. When the generator is closed or cancelled, all work is
    cancelled and waited for.

    Raises ShuttingDownError where `closing` cut the stream short, and what `answer` and reading
    raise.
    """
    places = asyncio.Semaphore(width)
    # At most `width` tasks and the end mark are ever in it.
    work: asyncio.Queue[asyncio.Future[Response] | None] = asyncio.Queue()
    running: set[asyncio.Future[Response]] = set()

    async def read() -> None:
        try:
            while True:
                await places.acquire()
                try:
                    request = await anext(requests)
                except StopAsyncIteration:
                    return
                task = asyncio.ensure_future(answer(request))
                del request  # or it would be held until the next one comes
                running.add(task)
                task.add_done_callback(running.discard)
                work.put_nowait(task)
        finally:
            work.put_nowait(None)

    reader = asyncio.create_task(read())
    closer = asyncio.create_task(_cancel_when(closing, reader))
    try:
        while (task := await work.get()) is not None:
            yield await task
            places.release()
        await asyncio.wait([reader])
        if reader.cancelled():
            raise shutting_down()
        reader.result()  # raises what reading raised
    finally:
        await _cancel_all([closer, reader, *running])


async def _cancel_all(futures: "Sequence[asyncio.Future[Any]]") -> None:
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)


async def _cancel_when(event: asyncio.Event, task: "asyncio.Task[None]") -> None:
    await event.wait()
    task.cancel()
