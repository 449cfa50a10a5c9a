"""Tells which of many photos failed: each for its own cause, and once what all have in common."""

from collections.abc import Sized

from ootd import OotdError
from ootd.cli import failures
from ootd.cli.exit_codes import SOME_FAILED
from ootd.cli.failures import PhotoUnusableError
from ootd.cli.output import print_json, say
from ootd.cli.photos import PhotoFile

Failure = OotdError | PhotoUnusableError


class PhotoFailures:
    """The failures of one command over `photos`; what the gateway is at fault for is told once."""

    def __init__(self, photos: Sized, server: str, *, as_json: bool) -> None:
        self._total = len(photos)
        self._server = server
        self._as_json = as_json
        self._codes: set[int] = set()
        self._told: set[tuple[type, str]] = set()
        self._failed = 0
        self._alike = 0
        self._stopped_with: int | None = None

    def add(self, photo: PhotoFile, error: Failure) -> None:
        """Count one photo, print its line of JSON, and its sentence unless it was said already."""
        self._failed += 1
        self._codes.add(failures.exit_code(error))
        if self._as_json:
            print_json({"image": photo.name, "error": failures.as_json(error)})
        text = failures.sentence(error, self._server)
        if failures.is_of_the_photo(error):
            say(f"{photo.name}: {text}")
            return
        self._alike += 1
        reason = error.reason if isinstance(error, OotdError) else ""
        if (type(error), reason) not in self._told:
            self._told.add((type(error), reason))
            say(text)

    def stop(self, error: OotdError) -> None:
        """Note that no further photo was tried, because of an error that was added before."""
        self._stopped_with = failures.exit_code(error)

    def finish(self) -> int:
        """Say how many photos are left; return the exit code of the command."""
        if self._alike and self._total > 1:
            say(f"{self._alike} of {self._total} photos were left undone.")
        if self._stopped_with is not None:
            return self._stopped_with
        if self._failed == self._total and len(self._codes) == 1:
            return self._codes.pop()
        return SOME_FAILED if self._failed else 0
