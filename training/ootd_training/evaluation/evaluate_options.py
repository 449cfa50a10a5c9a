"""What every `ootd-evaluate MODEL` has in common: its options, and what becomes of the measures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ootd_training.evaluation.evaluated_photos import add_photo_options
from ootd_training.evaluation.measured_files import Thresholds, add_measured
from ootd_training.report.page import Page


def add_evaluate_options(parser: argparse.ArgumentParser, model: Path) -> None:
    """Add the options; `model` is the file that is measured by default."""
    add_photo_options(parser)
    parser.add_argument("--model", type=Path, default=model, help="ONNX file (the shipped one)")
    parser.add_argument(
        "--report", type=Path, help="folder to write the report with its pictures to"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")


def add_crop_evaluate_options(parser: argparse.ArgumentParser, model: Path) -> None:
    """The same for models that look at crops."""
    add_evaluate_options(parser, model)
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")


def deliver(
    page: Page,
    measures: Mapping[str, Any],
    options: argparse.Namespace,
    digests: Mapping[str, str],
    thresholds: Thresholds | None = None,
) -> None:
    """Print the page, or the measures as JSON, and write the report where one is asked for.

    Its last section names the measured files by their digests, and the thresholds of the service
    that decided the figures. Of a page that is written, only the opening is printed.
    """
    add_measured(page, digests, thresholds or {})
    if options.json:
        print(json.dumps({**measures, "digests": dict(digests)}))
    else:
        print(page.opening() if options.report else page)
    if options.report:
        path = page.write(options.report)
        if not options.json:
            print(f"wrote {path}\n")
