"""The folder of the labelled photos, checked before anything is read."""

from __future__ import annotations

from pathlib import Path

from ootd_training.console.errors import CommandError
from ootd_training.data.label_digests import NEEDED_LABELS


def checked_data(folder: str | Path) -> Path:
    """The folder of the labelled photos; CommandError if it isn't one."""
    path = Path(folder)
    if not path.is_dir():
        raise CommandError(
            f"there is no folder {path}; name the folder of the labelled photos with --data "
            "(training/ootd_training/data/README.md)"
        )
    for name in NEEDED_LABELS:
        if not (path / name).is_file():
            raise CommandError(
                f"{path} is not a folder of labelled photos: it lacks {name}; name the one that "
                "holds catalog/ and detect/ with --data (training/ootd_training/data/README.md)"
            )
    return path
