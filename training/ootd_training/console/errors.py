"""What all console commands share: errors as one sentence, checks of folders before long work."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from ootd_training.data.label_digests import NEEDED_LABELS
from ootd_training.taxonomy import REPOSITORY

FAILED = 2
STOPPED = 130
TRACEBACK = "OOTD_TRACEBACK"
"""Environment variable: set to 1, errors come with their traceback."""


class HelpWithDefaults(argparse.HelpFormatter):
    """Help that ends with the default of each option that has one to tell."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = action.help is None or "(default" in action.help
        # 0 is a default to tell, though Python takes it for False.
        nothing = action.default is False or action.default in (None, "", argparse.SUPPRESS)
        if told or nothing:
            return action.help
        return f"{action.help} (default: %(default)s)"


class CommandError(Exception):
    """Something that whoever typed the command can mend; the text says what and how."""


def guarded(name: str, action: Callable[[], None]) -> None:
    """Run a command; ends the process with 2 and one sentence if it can't do its work.

    What the user interrupts ends with 130.
    """
    try:
        action()
    except KeyboardInterrupt:
        print(f"\n{name}: stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(STOPPED)
    except (CommandError, ValueError, OSError) as error:
        if os.environ.get(TRACEBACK) == "1":
            raise
        print(f"{name}: {sentence(error)}", file=sys.stderr)
        sys.exit(FAILED)


def sentence(error: BaseException) -> str:
    """An error as one line that says what to do about it."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" while writing {error.filename}" if error.filename else ""
        return f"the disk is full{where}; free some space, then run the same command again"
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename} does not exist; check the folders that the command was given"
    return text or type(error).__name__


def checked_data(folder: str | Path) -> Path:
    """The folder of the labelled photos; CommandError if it isn't one."""
    path = Path(folder)
    if not path.is_dir():
        raise CommandError(
            f"there is no folder {path}; name the folder of the labelled photos with --data "
            "(training/README.md, Data)"
        )
    for name in NEEDED_LABELS:
        if not (path / name).is_file():
            raise CommandError(
                f"{path} is not a folder of labelled photos: it lacks {name}; name the one "
                "that holds catalog/ and detect/ with --data (training/README.md, Data)"
            )
    return path


def add_repository_option(parser: argparse.ArgumentParser) -> None:
    """Add `--repository`, a folder for `checked_repository`."""
    parser.add_argument(
        "--repository", type=Path, default=REPOSITORY,
        help="model repository (default: this checkout's)",
    )  # fmt: skip


def checked_repository(folder: Path) -> Path:
    """The folder; CommandError if it isn't a model repository."""
    if not (folder / "taxonomy.json").is_file():
        raise CommandError(
            f"{folder} is not a model repository: it lacks taxonomy.json; name it with --repository"
        )
    return folder


def check_space(folder: Path, gigabytes: float) -> None:
    """CommandError if the disk that `folder` is or will be on has less than this free."""
    existing = next(
        path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir()
    )
    free = shutil.disk_usage(existing).free / 1e9
    if free < gigabytes:
        raise CommandError(
            f"{folder} needs about {gigabytes:g} GB and its disk has {free:.1f} GB free; free "
            "some, or name a folder on another disk"
        )
