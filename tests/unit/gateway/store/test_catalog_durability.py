"""Items of several processes, and of one that is killed."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from opened_store import opened_store

TESTS = Path(__file__).parents[3]


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(TESTS), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


async def test_two_gateways_on_one_new_file(tmp_path: Path) -> None:
    """Both migrate it, both write it, and neither loses anything."""
    path = tmp_path / "ootd.db"
    code = """
        import asyncio, sys
        from catalog_builders import VECTOR_FINGERPRINT, draft
        from opened_store import opened_store

        async def main(path, name):
            async with opened_store(path, busy_timeout_s=60.0) as store:
                for n in range(10):
                    drafts = [draft(f"{name}-{n}", n), draft(f"both-{n}")]
                    await store.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)

        asyncio.run(main(*sys.argv[1:]))
    """
    running = [python(code, str(path), name) for name in ("a", "b")]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    async with opened_store(path) as store:
        page = await store.list_page(page_size=100)
        changes = await store.changes_after(0, limit=1000)
    assert page.total_size == len(page.items) == 30
    assert len({one.key for one in page.items}) == 30
    assert [one.sequence_number for one in changes] == list(range(1, 31))


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "ootd.db"
    code = """
        import asyncio, sys
        from catalog_builders import VECTOR_FINGERPRINT, draft
        from opened_store import opened_store

        async def write(store, worker):
            for n in range(100_000):
                name = f"{worker}-{n}"
                drafts = [draft(name, n), draft(name + "-twin", n)]
                await store.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)
                print(name, flush=True)

        async def main(path):
            async with opened_store(path) as store:
                await asyncio.gather(*(write(store, worker) for worker in range(8)))

        asyncio.run(main(*sys.argv[1:]))
    """
    process = python(code, str(path))
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(150)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split()
    process.communicate()
    stored: set[str] = set()
    after = ""
    async with opened_store(path) as store:
        while True:
            page = await store.list_page(page_size=1000, after_item_id=after)
            stored |= {one.item_id for one in page.items}
            if not (after := page.next_page_token):
                break
        logged = await store.changes_after(0, limit=10**6)
    assert "" not in acknowledged, "the writer failed before it was killed"
    assert stored.issuperset(acknowledged)
    twins = {name for name in stored if name.endswith("-twin")}
    assert stored == twins | {name.removesuffix("-twin") for name in twins}, "a half-written pair"
    assert {one.item.item_id for one in logged if one.item is not None} == stored
    assert page.total_size == len(stored)
