"""Puts a release that was built elsewhere into a model repository, whole or not at all.

Every changed file is first written beside its place under a temporary name; `release.json` is
written last, and then all are renamed, `release.json` last again. An export that is killed before
all are written leaves the old release untouched; one that is killed between two renames is finished
by the next.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from pathlib import Path

from ootd_training.release.manifest import FILE, INCOMING

PLAN = "model.plan"
IGNORED = ("__pycache__", PLAN, f"*{INCOMING}", "*.md")
"""What a repository holds beside the files of a release."""


def copy_repository(source: Path, target: Path) -> None:
    """A fresh copy of a model repository at `target`; what was there is removed."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*IGNORED))


def install(built: Path, repository: Path) -> list[str]:
    """Replace what differs in `repository` by the files of `built`; returns their names."""
    finish(repository)
    names = [
        path.relative_to(built).as_posix() for path in sorted(built.rglob("*")) if path.is_file()
    ]
    changed = [
        name
        for name in names
        if name == FILE
        or not (repository / name).exists()
        or not filecmp.cmp(built / name, repository / name, shallow=False)
    ]
    # The manifest says that all others are there, so it is the last one to be written.
    for name in sorted(changed, key=lambda name: name == FILE):
        _write(built / name, _incoming(repository / name))
    finish(repository)
    return changed


def finish(repository: Path) -> bool:
    """Complete an installation that was interrupted, or take back one that had only begun.

    Plans of models that change are removed, as they were built from the old ones. Returns whether
    a release was completed.
    """
    manifest = _incoming(repository / FILE)
    complete = manifest.exists()
    for path in sorted(repository.rglob(f"*{INCOMING}"), key=lambda path: path == manifest):
        if not complete:
            path.unlink()
            continue
        final = path.with_name(path.name.removesuffix(INCOMING))
        if final.suffix == ".onnx":
            final.with_name(PLAN).unlink(missing_ok=True)
        path.replace(final)
    return complete


def _incoming(path: Path) -> Path:
    return path.with_name(path.name + INCOMING)


def _write(source: Path, target: Path) -> None:
    """Copy a file and wait until the disk has it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + INCOMING)
    with source.open("rb") as content, temporary.open("wb") as copy:
        shutil.copyfileobj(content, copy)
        copy.flush()
        os.fsync(copy.fileno())
    temporary.replace(target)
