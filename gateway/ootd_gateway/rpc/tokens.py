"""The bearer tokens that callers may show."""

import hashlib
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Protocol

import structlog

from ootd_gateway.errors import StartError
from ootd_gateway.file_signature import FileSignature, signature_of

log = structlog.get_logger(__name__)

CHECK_SECONDS = 1.0
"""How often the file is looked at, at most."""


class TokenSource(Protocol):
    """Knows the valid tokens."""

    def digests(self) -> Collection[bytes]:
        """Return the SHA-256 of each valid token; none means that everyone is let in."""
        ...


class FixedTokens:
    """Tokens that never change."""

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        self._digests = tuple(token_digest(token) for token in tokens)

    def digests(self) -> Collection[bytes]:
        """See `TokenSource.digests`."""
        return self._digests


class TokenFile:
    """Tokens of a file, one a line, # for comments; read again when the file changes.

    A changed file that cannot be used is told once, and the former tokens stay valid.
    """

    def __init__(self, path: Path) -> None:
        """Read the file. Raises StartError where it cannot be used."""
        self._path = path
        self._signature = signature_of([path])
        self._digests = self._read()
        self._look_again_at = time.monotonic() + CHECK_SECONDS

    def digests(self) -> Collection[bytes]:
        """See `TokenSource.digests`. Looks at the file's time once a second at most."""
        now = time.monotonic()
        if now >= self._look_again_at:
            self._look_again_at = now + CHECK_SECONDS
            self._read_again_if_changed()
        return self._digests

    def _read_again_if_changed(self) -> None:
        signature: FileSignature = signature_of([self._path])
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._digests = self._read()
        except StartError as error:
            log.warning("the changed tokens are not used, the former ones stay", reason=str(error))
        else:
            log.info("tokens read again", tokens=len(self._digests))

    def _read(self) -> tuple[bytes, ...]:
        try:
            text = self._path.read_bytes().decode()
        except OSError as error:
            raise StartError(f"token_file: cannot read {self._path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise StartError(f"token_file: {self._path} is no text in UTF-8") from None
        lines = (line.strip() for line in text.splitlines())
        tokens = [line for line in lines if line and not line.startswith("#")]
        if not tokens:
            raise StartError(
                f"token_file: {self._path} holds no token; write one a line, or unset it"
            )
        return tuple(token_digest(token) for token in tokens)


def token_digest(token: str) -> bytes:
    """Return what a token is compared by."""
    return hashlib.sha256(token.encode()).digest()
