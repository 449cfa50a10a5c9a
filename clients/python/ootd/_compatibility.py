"""Whether client and gateway are made for each other, by their versions."""

import logging
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PACKAGE = str(Path(__file__).parent)
_LOG = logging.getLogger("ootd")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


class CompatibilityWarning(UserWarning):
    """Client and gateway may not be made for each other; one of them should be updated."""


def fault(client: str, minimum_client: str, gateway: str, target: str) -> str | None:
    """Return what is wrong with a client of one version at a gateway of another, None: nothing."""
    ours, needed = _numbers(client), _numbers(minimum_client)
    if not ours or not needed or ours >= needed:
        return None
    return (
        f"the gateway at {target} (version {gateway or 'unknown'}) is made for ootd "
        f"{minimum_client} and later, this is {client}: update the package ootd, or give "
        "check_compatibility=False"
    )


def older_gateway(client: str, target: str) -> str:
    """Return what is wrong with a gateway that does not tell its version."""
    return (
        f"the gateway at {target} tells no version: it is older than this client, ootd {client}; "
        "some methods may be missing. check_compatibility=False leaves out this check"
    )


@dataclass(frozen=True, slots=True)
class CallSite:
    """The line outside of this package that made a call: there a warning belongs."""

    filename: str
    line: int
    module: str
    warned: dict[Any, Any]

    @classmethod
    def of_caller(cls) -> "CallSite":
        """Return the line that is being executed by the caller of this package."""
        frame = sys._getframe()
        while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
            frame = frame.f_back
        names = frame.f_globals
        warned = names.setdefault("__warningregistry__", {})
        return cls(frame.f_code.co_filename, frame.f_lineno, names.get("__name__", ""), warned)

    def warn(self, message: str) -> None:
        """Warn there; where warnings are errors it is logged, as no caller waits for it."""
        try:
            warnings.warn_explicit(
                message, CompatibilityWarning, self.filename, self.line, self.module, self.warned
            )
        except CompatibilityWarning:
            _LOG.warning("%s", message)


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with; trailing zeros do not count."""
    match = _NUMBERS.match(version)
    parts = [int(part) for part in match.group().split(".")] if match else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
