"""The file that tells whoever started the gateway that all is ready, and at which addresses."""

import json
from collections.abc import Mapping
from pathlib import Path

import structlog

from ootd_gateway.errors import StartError

log = structlog.get_logger(__name__)


class ReadyFile:
    """Is there while the gateway serves, and at no other time. Without a path it does nothing."""

    def __init__(self, path: Path | None) -> None:
        """Remove what a former process left, and see whether it can be written.

        Raises StartError.
        """
        self._path = path
        if path is None:
            return
        try:
            path.unlink(missing_ok=True)
            self._partial(path).write_text("", encoding="utf-8")
            self._partial(path).unlink()
        except OSError as error:
            raise StartError(
                f"the ready file {path} cannot be written: {error.strerror}; name one in a folder "
                "that is there and can be written (--ready-file)"
            ) from None

    def write(self, addresses: Mapping[str, str | int]) -> None:
        """Write the addresses so that nobody ever reads half of them; a failure is only logged."""
        path = self._path
        if path is None:
            return
        try:
            self._partial(path).write_text(json.dumps(addresses), encoding="utf-8")
            self._partial(path).replace(path)
        except OSError as error:
            log.error(  # noqa: TRY400 - the reason says it all
                "the ready file cannot be written", path=str(path), reason=error.strerror
            )

    def remove(self) -> None:
        """Take it away."""
        if self._path is None:
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.error(  # noqa: TRY400
                "the ready file cannot be removed", path=str(self._path), reason=error.strerror
            )

    @staticmethod
    def _partial(path: Path) -> Path:
        return path.with_name(path.name + ".partial")
