"""Which files and thresholds a report is of: checked first, then named on its page by digest.

A test holds the committed reports against the release, so that a page of other files fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from ootd_training.console.errors import CommandError
from ootd_training.release.manifest import digest, tensors
from ootd_training.report.page import Page
from ootd_training.served.triton_config import config_tensors
from ootd_training.taxonomy import REPOSITORY

SECTION = "Measured files"

Thresholds = Mapping[tuple[str, str], str]
"""Values as a `config.pbtxt` writes them, by the names of the model and of the parameter."""


def checked_digest(model: str, path: Path) -> str:
    """The digest of the ONNX file that is to be measured as this model.

    CommandError if there is none, or it has not the outputs of that model's configuration.
    """
    if not path.is_file():
        raise CommandError(
            f"there is no {model} {path}; name its ONNX file, such as "
            f"model_repository/{model}/1/model.onnx"
        )
    try:
        found = {tensor["name"] for tensor in tensors(path)[1]}
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise CommandError(
            f"{path} can't be read as an ONNX file; export the {model} again (ootd-export)"
        ) from error
    config = (REPOSITORY / model / "config.pbtxt").read_text()
    lacking = [t["name"] for t in config_tensors(config, "output", False) if t["name"] not in found]
    if lacking:
        raise CommandError(
            f"{path} is no {model}: it has no output {', '.join(lacking)}; name the right file"
        )
    return digest(path.read_bytes())


def checked_digests(files: Mapping[str, Path]) -> dict[str, str]:
    """The digests of several files by their models; CommandError as in `checked_digest`."""
    return {model: checked_digest(model, path) for model, path in files.items()}


def add_measured(page: Page, digests: Mapping[str, str], thresholds: Thresholds) -> None:
    """Say of which files, and with which thresholds of the service, a page's figures are."""
    page.section(SECTION)
    page.text("Digests as in the `release.json` of the release that holds these files.")
    page.table(("model", "SHA-256 of its file"), list(digests.items()))
    if thresholds:
        page.text("Thresholds of the service's rules, as in their `config.pbtxt`:")
        rows = [(f"`{model}`, {name}", value) for (model, name), value in thresholds.items()]
        page.table(("threshold", "value"), rows)
