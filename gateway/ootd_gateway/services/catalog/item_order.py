"""Writes of one item one after another, in the order of arrival; those of different items side by
side.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


class Turn:
    """A turn that is held."""

    def __init__(self) -> None:
        self.writes: set[asyncio.Future[Any]] = set()

    async def write(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what the work returns. Once begun it runs to its end.

        A commit cannot be called back. So where whoever waits for it is cancelled, the turn goes on
        until it has ended; else the next one would read what is about to change.
        """
        task = asyncio.ensure_future(work)
        self.writes.add(task)
        task.add_done_callback(_retrieve)
        return await asyncio.shield(task)


def _retrieve(task: "asyncio.Future[Any]") -> None:
    """Take the error of a write whose caller is gone, so that nobody reports it as lost."""
    if not task.cancelled():
        task.exception()


class ItemOrder:
    """Gives turns. Holds one entry for each id that is being written or waited for, no more."""

    def __init__(self) -> None:
        # Of each id the turn that was asked for last; whoever comes next waits for it.
        self._last: dict[str, asyncio.Future[None]] = {}

    def __len__(self) -> int:
        return len(self._last)

    @asynccontextmanager
    async def turn(self, item_ids: Iterable[str]) -> AsyncIterator[Turn]:
        """Wait for all earlier turns of these ids, and hold theirs while the block runs.

        The place in the order is taken as this is entered, before anything is awaited; as all ids
        of a turn are queued in one step, turns of several ids never wait for each other in a ring.
        A wait that is cancelled does not let those behind it pass those before it.
        """
        turn = Turn()
        own: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ids = tuple(dict.fromkeys(item_ids))
        earlier = {self._last[one] for one in ids if one in self._last}
        for one in ids:
            self._last[one] = own
        try:
            if earlier:
                await asyncio.wait(earlier)
            yield turn
        finally:
            self._end(own, ids, {one for one in earlier | turn.writes if not one.done()})

    def _end(
        self,
        own: "asyncio.Future[None]",
        ids: tuple[str, ...],
        running: "set[asyncio.Future[Any]]",
    ) -> None:
        """End a turn once its writes, and the earlier turns where it did not wait for them, have
        ended.
        """
        if running:

            def one_ended(ended: "asyncio.Future[Any]") -> None:
                running.discard(ended)
                if not running:
                    self._end(own, ids, set())

            for turn in tuple(running):
                turn.add_done_callback(one_ended)
            return
        own.set_result(None)
        for one in ids:
            if self._last.get(one) is own:
                del self._last[one]
