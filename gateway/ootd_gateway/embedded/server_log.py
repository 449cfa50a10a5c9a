"""What Triton's own log says: which models are loaded, why it did not start."""

from __future__ import annotations

import re
from pathlib import Path

_LOADED = re.compile(r"successfully loaded '([^']+)'")
_FAILURE = re.compile(r"^(?:E\d{4} [^\]]*\]|error:)\s*\"?(.*?)\"?$", re.MULTILINE)


class ServerLog:
    """A log file, from its present end on. It is created where there is none."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self.path = path
        self._start = self._position = path.stat().st_size

    def newly_loaded(self) -> list[str]:
        """Names of the models that were loaded since the last call."""
        with self.path.open("rb") as log:
            log.seek(self._position)
            # A line that is not complete yet is read next time.
            lines, newline, _ = log.read().rpartition(b"\n")
        self._position += len(lines) + len(newline)
        return _LOADED.findall(lines.decode(errors="replace"))

    def last_failure(self, about: str = "") -> str | None:
        """The last error of this run that names ``about``, None if there is none."""
        with self.path.open("rb") as log:
            log.seek(self._start)
            failures = _FAILURE.findall(log.read().decode(errors="replace"))
        return next((failure for failure in reversed(failures) if about in failure), None)
