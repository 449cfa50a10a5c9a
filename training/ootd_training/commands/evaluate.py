"""The console command `ootd-evaluate`: one subcommand a model, and `all`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ootd_training.commands.dispatch import ALL, named_model
from ootd_training.console.errors import run_command


def run(arguments: Sequence[str]) -> None:
    """Measure what the first argument names; CommandError where that can't be done."""
    name = named_model("evaluate", arguments)
    # These bring PyTorch along, which takes seconds; help and wrong names need not wait for it.
    if name == ALL:
        from ootd_training.commands.evaluate_all import evaluate_all  # noqa: PLC0415

        evaluate_all(arguments[1:])
    else:
        from ootd_training.commands.one_model import evaluate_one  # noqa: PLC0415

        evaluate_one(name, arguments[1:])


def main() -> None:
    """Entry point of `ootd-evaluate`."""
    run_command("ootd-evaluate", lambda: run(sys.argv[1:]))
