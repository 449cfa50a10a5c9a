"""What labels imply: `model_repository/label_rules.json`, which measuring reads too.

Photos say which garment they show; these rules say what follows for its sub-category and for its
attributes. They are weak: nobody looked at each photo.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ootd_training.taxonomy import REPOSITORY


@dataclass(frozen=True)
class LabelRules:
    """The rules, by labels, sub-categories, attribute groups and values as they are named."""

    candidates_of_label: Mapping[str, tuple[str, ...]]
    """Sub-categories that a catalogue label without one can be; others: all of the
    super-category."""
    values_of_label: Mapping[str, Mapping[str, str]]
    """Attribute values, by group, that a source's own label implies."""
    values_of_sub_category: Mapping[str, Mapping[str, str]]
    """The same of a sub-category; what the label implies counts more."""
    audience_of_kids: Mapping[str, str]
    """The audience, by what the column `kids` of a catalogue says."""
    plain_share: float
    """Share (0 to 1) of a garment's pixels with its leading colour, from which on it is plain."""
    patterned_share: float
    """Share below which it is patterned; between the two nothing is said."""


def load_label_rules(path: Path = REPOSITORY / "label_rules.json") -> LabelRules:
    """Read the rules; TypeError if the file has other rules than these."""
    rules = json.loads(path.read_text())
    candidates = rules.pop("candidates_of_label")
    return LabelRules({label: tuple(subs) for label, subs in candidates.items()}, **rules)


RULES = load_label_rules()
