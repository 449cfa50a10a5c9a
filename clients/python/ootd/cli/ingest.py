"""`ootd ingest`: a folder of photos or a CSV into the catalogue."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ootd import OotdError
from ootd.cli import connection, options
from ootd.cli.catalog_source import SourceError, count_catalog, read_catalog
from ootd.cli.exit_codes import SOME_FAILED
from ootd.cli.id_collisions import warn_of_collisions
from ootd.cli.ingest_report import IngestReport
from ootd.cli.ingest_run import IngestRun
from ootd.cli.output import errors_console, reason_of, say
from ootd.cli.photos import STANDARD_INPUT, standard_input
from ootd.cli.printable import printable
from ootd.cli.wording import in_flags

_PREFIX = re.compile(r"[A-Za-z0-9._:/][A-Za-z0-9._:/-]{0,63}")
_LARGEST_PIPE_BYTES = 1024**3


def _valid_prefix(text: str) -> str:
    if text and not _PREFIX.fullmatch(text):
        rule = 'must be up to 64 of a to z, A to Z, 0 to 9 and "._:/-", and not begin with "-"'
        raise typer.BadParameter(f"{rule}; is {printable(text)!r}")
    return text


@connection.with_connection
def ingest(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|CSV", help="A folder of photos, or a CSV; - is a CSV from a pipe."
        ),
    ],
    *,
    id_prefix: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            callback=_valid_prefix,
            help="Stands before every id, so that two folders do not replace each other's items.",
            show_default=False,
        ),
    ] = "",
    patience: Annotated[
        float,
        typer.Option(
            min=0,
            callback=connection.finite,
            metavar="SECONDS",
            help="How long to wait for a gateway that went away.",
        ),
    ] = 60.0,
    as_json: options.AsJson = False,
) -> None:
    """Add a folder of photos or the rows of a CSV to the catalogue; again changes nothing.

    FOLDER: each photo is an item; its id is its path below the folder, its title comes from the
    file's name, and the name of its own folder is its category where that is top, bottom, outer,
    dress, shoes or bag.

    CSV: the column image (a path, relative to the CSV) is needed; id, title, category and region
    (x0,y0,x1,y1, sent instead of the category) are optional; attributes.NAME becomes the attribute
    NAME; all other columns go into the payload, a JSON object. Its "image" is the photo's path
    below the folder or the CSV's folder, by which `ootd search --draw` finds it.
    """
    piped = _piped(source)
    try:
        total = count_catalog(source, piped=piped)
        rows = read_catalog(source, id_prefix=id_prefix, piped=piped)
    except (SourceError, OSError) as error:
        raise _unreadable(source, error) from None
    if not total:
        what = "no photos in" if source.is_dir() else "no rows in"
        raise typer.BadParameter(f"{what} {printable(str(source))}", param_hint="FOLDER|CSV")
    report = IngestReport(as_json=as_json)
    with connection.gateway(context) as client:
        client.count_items()  # A wrong address is told at once, not after the patience.
        if source.is_dir():
            warn_of_collisions(client, read_catalog(source, id_prefix=id_prefix), source.name)
        with _told_when_stopped(report), _progress(total) as progress:
            run = IngestRun(client, rows, patience_s=patience, waits=progress.waits)
            for outcome in run.outcomes():
                report.add(outcome)
                progress.advance(failed=report.counts["failed"])
        report.finish(client)
    if code := report.exit_code():
        raise typer.Exit(code)


def _piped(source: Path) -> bytes:
    if str(source) != STANDARD_INPUT:
        return b""
    content = standard_input("a CSV", _LARGEST_PIPE_BYTES)
    if len(content) > _LARGEST_PIPE_BYTES:
        text = "standard input has more than 1 GiB; write the CSV into a file"
        raise typer.BadParameter(text, param_hint="FOLDER|CSV")
    return content


def _unreadable(source: Path, error: SourceError | OSError) -> typer.BadParameter:
    text = str(error)
    if isinstance(error, OSError):
        text = f"cannot read {error.filename or source}: {reason_of(error)}"
    return typer.BadParameter(printable(text), param_hint="FOLDER|CSV")


class _IngestProgress:
    """The progress bar on standard error."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("ingest", total=total)

    def advance(self, *, failed: int) -> None:
        """One more row is done."""
        text = f"ingest ({failed} failed)" if failed else "ingest"
        self._progress.update(self._task, advance=1, description=text)

    def waits(self, error: OotdError, wait_s: float) -> None:
        """Tell that the gateway is away."""
        problem = error.message if error.reason else "the gateway does not answer"
        text = f"{in_flags(problem).rstrip('.')}; trying again in {wait_s:g} s"
        self._progress.console.print(printable(text), style="yellow", markup=False)


@contextmanager
def _told_when_stopped(report: IngestReport) -> Iterator[None]:
    """Tell how far it came when an error or Ctrl-C ends it."""
    try:
        yield
    except (OotdError, SourceError, OSError, KeyboardInterrupt) as error:
        report.finish(None)
        is_of_the_source = isinstance(error, SourceError | OSError)
        if isinstance(error, SourceError):
            say(f"Cannot read on: {error}.")
        elif isinstance(error, OSError):
            say(f"Cannot read on in {error.filename}: {reason_of(error)}.")
        say("Stopped; the same command again goes on where it ended.", "yellow")
        if is_of_the_source:
            raise typer.Exit(SOME_FAILED) from None
        raise


@contextmanager
def _progress(total: int) -> Iterator[_IngestProgress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors_console()) as progress:
        yield _IngestProgress(progress, total)
