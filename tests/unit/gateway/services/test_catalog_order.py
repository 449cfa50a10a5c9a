"""Writes of one item come one after another, whatever happens to their callers."""

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catalog_shop import SHOES, Shop, photo, ready

from index_builders import embedding


async def test_the_later_of_two_writes_of_an_item_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The photo takes its time in the models; what was sent after it is stored after it."""
    released = asyncio.Event()
    analyze = shop.vision.analyze

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await released.wait()
        return await analyze(*args, **kwargs)

    monkeypatch.setattr(shop.vision, "analyze", slow)
    first = asyncio.create_task(shop.catalog.upsert(photo("a")))
    second = asyncio.create_task(shop.catalog.upsert(ready("a", 7)))
    third = asyncio.create_task(shop.catalog.delete(["b", "a"]))
    fourth = asyncio.create_task(shop.catalog.upsert(ready("a", 8)))
    await shop.catalog.upsert(ready("b"))  # another item waits for none of them, but for the third
    released.set()
    outcomes = [await first, await second, await fourth]
    assert list(await third) == ["b", "a"]
    assert [one.result.value for one in outcomes] == ["created", "replaced", "created"]
    item = await shop.catalog.get("a")
    assert np.array_equal(item.garment.embedding, embedding(8))
    numbers = [one.item.sequence_number for one in outcomes]
    assert numbers == sorted(numbers)
    assert shop.found(8, SHOES) == [item.key]


@pytest.mark.parametrize("change", ["upsert", "delete"])
async def test_a_write_whose_caller_went_away_is_before_the_next_one(
    shop: Shop, tmp_path: Path, change: str
) -> None:
    first = photo(title="first")
    await shop.catalog.upsert(first)
    with closing(sqlite3.connect(tmp_path / "ootd.db", isolation_level=None)) as other_process:
        other_process.execute("BEGIN IMMEDIATE")
        write: Coroutine[Any, Any, object]
        if change == "upsert":
            write = shop.catalog.upsert(photo(title="second"))
        else:
            write = shop.catalog.delete(["a"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(write, 0.3)
        again = asyncio.create_task(shop.catalog.upsert(first))
        await asyncio.sleep(0.2)  # long enough to read the row that is about to change
        assert not again.done()
        other_process.execute("COMMIT")
    await again
    assert (await shop.catalog.get("a")).title == "first"
    assert again.result().item.title == "first"
