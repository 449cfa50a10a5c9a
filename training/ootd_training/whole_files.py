"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def write_whole(path: Path, *, shared: bool = False) -> Iterator[Path]:
    """Where to write what becomes `path` at the end of the block: beside it, then renamed.

    A block that fails, or a process that is killed, leaves `path` as it was. Its folder is made if
    need be. Several processes may write a `shared` path at once; the last one's content stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = f"{os.getpid()}.partial" if shared else "partial"
    partial = path.with_name(f"{path.stem}.{mark}{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
