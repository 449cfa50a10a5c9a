"""The rules and thresholds of the model repository's Python models, read from their files."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ootd_training.served.triton_config import string_parameters
from ootd_training.taxonomy import REPOSITORY

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@cache
def rules_module(path: Path) -> ModuleType:
    """The rules of a Python model (`select/1/selection.py`) from where Triton finds them."""
    name = f"served_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def selection_rules(repository: Path = REPOSITORY) -> ModuleType:
    """The module that chooses boxes."""
    return rules_module(repository / "select" / "1" / "selection.py")


def verification_rules(repository: Path = REPOSITORY) -> ModuleType:
    """The module that checks them against the tagger."""
    return rules_module(repository / "verify" / "1" / "verification.py")


def parameters(config: Path) -> dict[str, str]:
    """The string parameters of a `config.pbtxt`."""
    return string_parameters(config.read_text())


def served_thresholds(repository: Path = REPOSITORY) -> dict[tuple[str, str], str]:
    """All numbers of the rules' configurations as they are written there, by model and name."""
    return {
        (model, name): value
        for model in ("select", "verify")
        for name, value in parameters(repository / model / "config.pbtxt").items()
        if _NUMBER.fullmatch(value)
    }


def served_labels(repository: Path = REPOSITORY) -> Any:
    """The taxonomy as the rules read it: `verification.Labels`."""
    taxonomy = json.loads((repository / "taxonomy.json").read_text())
    return verification_rules(repository).Labels.from_taxonomy(taxonomy)
