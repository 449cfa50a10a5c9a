"""Which labelled photos a run learns from and is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class PhotoSources:
    """Folders and files of labelled photos; each but `data` may be empty for none."""

    data: str = ""
    """Folder of the labelled photos."""
    drawn: str = ""
    """Folder of drawn photos that join the training."""
    street: str = ""
    """File with the boxes that a detector found in the street photos, for models of crops."""
    limit: int = 0
    """At most this many garments (detector: photos) of each source; 0: all."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> PhotoSources:
        """The sources that the saved settings of a run name; what they lack stays empty."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: settings[name] for name in names if name in settings})
