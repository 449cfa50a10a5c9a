"""Sends a catalogue over as many streams as it takes: a gateway that restarts is waited for."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from ootd import (
    Client,
    DeadlineExceededError,
    ImageError,
    InvalidRequestError,
    ItemUpload,
    OotdError,
    OverloadedError,
    UnavailableError,
)
from ootd.cli.catalog_source import BadRow, CatalogItem, Row, SourceError
from ootd.cli.failures import PhotoUnusableError
from ootd.cli.photos import read_photo

Result: TypeAlias = Literal["created", "replaced", "unchanged", "failed"]

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with one row; `error` is there where the result is "failed"."""

    item_id: str
    image: str
    result: Result
    error: OotdError | None = None
    where: str = ""
    """The line and the id of a CSV's row."""


class IngestRun:
    """One ingest. Keeps only the rows that are on their way, not the catalogue.

    When the stream breaks, or the gateway says that it cannot work now, all rows that were not
    acknowledged are sent again over a new stream, after a growing wait; the same item again changes
    nothing. After `patience_s` seconds without any answer the last error is raised. `waits` is
    called with that error and the seconds before each wait.
    """

    def __init__(
        self,
        client: Client,
        rows: Iterator[Row],
        *,
        patience_s: float,
        waits: Callable[[OotdError, float], None],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._rows = rows
        self._patience_s = patience_s
        self._waits = waits
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._stream = 0
        self._pending: deque[ItemUpload] = deque()
        self._refused: deque[Outcome] = deque()

    def outcomes(self) -> Iterator[Outcome]:
        """Send everything; yield how it went with each row, in order but for rows that are none.

        Raises OotdError where the gateway stays away or refuses the stream, SourceError where the
        catalogue cannot be read on.
        """
        wait_s = _FIRST_WAIT_S
        last_answer = self._clock()
        while True:
            trouble: OotdError | None = None
            try:
                for outcome in self._one_stream():
                    last_answer, wait_s = self._clock(), _FIRST_WAIT_S
                    yield outcome
            except (UnavailableError, OverloadedError, DeadlineExceededError) as error:
                trouble = error
            if trouble is None:
                return
            if self._clock() - last_answer + wait_s > self._patience_s:
                raise trouble
            self._waits(trouble, wait_s)
            self._sleep(max(wait_s, trouble.retry_after_s or 0.0))
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def _one_stream(self) -> Iterator[Outcome]:
        with self._lock:
            self._stream += 1
            stream, again = self._stream, list(self._pending)
        with closing(self._client.iter_upsert_items(self._uploads(stream, again))) as results:
            for result in results:
                if result.error is not None and _may_pass(result.error):
                    raise result.error
                with self._lock:
                    upload = self._pending.popleft()
                assert upload.item_id == result.item_id
                state: Result = "failed" if result.error else result.outcome or "created"
                yield Outcome(
                    upload.item_id, str(upload.image), state, result.error, _where(upload)
                )
                yield from self._refusals()
        yield from self._refusals()

    def _uploads(self, stream: int, again: list[ItemUpload]) -> Iterator[ItemUpload]:
        """Runs in the thread of its stream, which may outlive the stream by a moment: a row is
        taken under the lock, and only for the newest stream.

        A photo is read here, when the stream has room for it.
        """
        for upload in again:
            try:
                sent: ItemUpload | None = _with_photo(upload)
            except PhotoUnusableError:  # It was there before; the client fails it in its place.
                sent = upload
            assert sent is not None
            yield sent
        while True:
            with self._lock:
                if stream != self._stream:
                    return
                row = next(self._rows, None)
                if row is None:
                    return
                sent = self._with_photo_or_refused(row)
                if sent is None:
                    continue
                assert isinstance(row, ItemUpload)
                self._pending.append(row)
            yield sent

    def _with_photo_or_refused(self, row: Row) -> ItemUpload | None:
        if isinstance(row, BadRow):
            bad = InvalidRequestError(f"{row.where}: {row.problem}", reason="INVALID_FIELD")
            self._refused.append(Outcome(row.where, "", "failed", bad))
            return None
        try:
            return _with_photo(row)
        except PhotoUnusableError as error:
            unreadable = ImageError(str(error), reason="IMAGE_UNREADABLE")
            self._refused.append(
                Outcome(row.item_id, str(row.image), "failed", unreadable, _where(row))
            )
            return None

    def _refusals(self) -> Iterator[Outcome]:
        while self._refused:
            yield self._refused.popleft()


def _with_photo(upload: ItemUpload) -> ItemUpload:
    if not isinstance(upload.image, Path):
        return upload
    return replace(upload, image=read_photo(upload.image))


def _where(upload: ItemUpload) -> str:
    return upload.where if isinstance(upload, CatalogItem) else ""


def _may_pass(error: OotdError) -> bool:
    """Whether the item may go through when it is sent again later."""
    return isinstance(error, UnavailableError | OverloadedError)


__all__ = ["IngestRun", "Outcome", "SourceError"]
