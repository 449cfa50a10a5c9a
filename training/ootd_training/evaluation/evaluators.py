"""What measures each model's file: a module with its options and its `main`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Protocol

from ootd_training.evaluation import detector, embedder, sequencer, tagger


class Evaluator(Protocol):
    """Measures a model; its docstring describes `ootd-evaluate NAME`."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add its options."""
        ...

    def main(self, options: argparse.Namespace) -> None:
        """Measure, and print or write the report."""
        ...


EVALUATORS: Mapping[str, Evaluator] = {
    "detector": detector,
    "tagger": tagger,
    "sequencer": sequencer,
    "embedder": embedder,
}
