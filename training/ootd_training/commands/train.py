"""The console command `ootd-train`: one subcommand a model, and `all`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ootd_training.commands.dispatch import ALL, named_model
from ootd_training.console.errors import run_command


def run(arguments: Sequence[str]) -> None:
    """Train what the first argument names; CommandError where that can't be done."""
    name = named_model("train", arguments)
    # These bring PyTorch along, which takes seconds; help and wrong names need not wait for it.
    if name == ALL:
        from ootd_training.commands.train_all import train_all  # noqa: PLC0415

        train_all(arguments[1:])
    else:
        from ootd_training.commands.one_model import train_one  # noqa: PLC0415

        train_one(name, arguments[1:])


def main() -> None:
    """Entry point of `ootd-train`."""
    run_command("ootd-train", lambda: run(sys.argv[1:]))
