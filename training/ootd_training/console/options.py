"""Options that several console commands have, and checks of folders before long work."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from ootd_training.console.errors import CommandError
from ootd_training.taxonomy import REPOSITORY


class HelpWithDefaults(argparse.HelpFormatter):
    """Help that ends with the default of each option that has one to tell."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = action.help is None or "(default" in action.help
        # 0 is a default to tell, though Python takes it for False.
        nothing = action.default is False or action.default in (None, "", argparse.SUPPRESS)
        if told or nothing:
            return action.help
        return f"{action.help} (default: %(default)s)"


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
