"""Tells cheaply whether files have changed."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

FileSignature: TypeAlias = tuple[tuple[int, int, int] | None, ...]


def signature_of(paths: Iterable[Path]) -> FileSignature:
    """Return what differs when a file's content does: inode, time and size; None where it is gone.

    Links are followed, so that Kubernetes' swap of a mounted secret is seen.
    """
    found: list[tuple[int, int, int] | None] = []
    for path in paths:
        try:
            facts = path.stat()
        except OSError:
            found.append(None)
        else:
            found.append((facts.st_ino, facts.st_mtime_ns, facts.st_size))
    return tuple(found)
