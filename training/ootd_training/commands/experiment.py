"""The console command `ootd-experiment`: one subcommand an experiment.

An experiment is a module with `add_options(parser)` and `main(options)`, which returns its report;
it is imported only when its subcommand is named.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from ootd_training.console.errors import run_command
from ootd_training.data.data_folder import checked_data

EXPERIMENTS = {
    "color-separation": "colours of a garment as one item or as several (iTOO, Table 1)",
    "color-bins": "layouts of the colour histogram",
    "fusion-weight": "weight of colour beside appearance in a search",
    "whole-photo": "when a photo without detections shows a garment (iTOO: at least one item)",
}


def run(arguments: Sequence[str]) -> None:
    """Run the experiment that the first argument names; print its report, or write it too.

    CommandError if the data folder is not one.
    """
    texts = "\n".join(f"  {name:<18}{text}" for name, text in EXPERIMENTS.items())
    parser = argparse.ArgumentParser(
        prog="ootd-experiment",
        description="Measure what the papers claim, or what a setting should be.",
        epilog=f"{texts}\n\nOptions of an experiment: name it, then --help.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("experiment", choices=EXPERIMENTS)
    name = parser.parse_args(arguments[:1]).experiment
    module = importlib.import_module(f"ootd_training.experiments.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"ootd-experiment {name}", description=module.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled photos")
    parser.add_argument("--report", type=Path, help="folder to write report and picture to")
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    module.add_options(parser)
    options = parser.parse_args(arguments[1:])
    checked_data(options.data)
    page = module.main(options)
    print(page)
    if options.report:
        print(f"wrote {page.write(options.report)}")


def main() -> None:
    """Entry point of `ootd-experiment`."""
    run_command("ootd-experiment", lambda: run(sys.argv[1:]))
