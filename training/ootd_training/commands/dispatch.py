"""Which model a command's first argument names, or that it names all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ootd_training.models.names import MODEL_NAMES

ALL = "all"


def named_model(task: str, arguments: Sequence[str]) -> str:
    """The model that the first argument of `ootd-train` or `ootd-evaluate` names, or `ALL`.

    Ends the process with help or an error where it names none.
    """
    parser = argparse.ArgumentParser(
        prog=f"ootd-{task}",
        description=f"{task.capitalize()} one of the models, or all of them in turn.",
        epilog="Options of a model: name it, then --help.",
    )
    parser.add_argument("model", choices=(*MODEL_NAMES, ALL))
    name: str = parser.parse_args(arguments[:1]).model
    return name
