"""`ootd ingest`: a folder of photos or a CSV into the catalogue."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ootd import DEFAULT_TARGET, Client, OotdError
from ootd.cli import failures, options
from ootd.cli.catalog_source import SourceError, count_catalog, read_catalog
from ootd.cli.ingest_run import IngestRun, Outcome
from ootd.cli.output import errors_console, print_json, tables_console

_LISTED_FAILURES = 200


def ingest(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER|CSV", help="A folder of photos, or a CSV.")
    ],
    *,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a gateway that went away.")
    ] = 60.0,
    as_json: options.AsJson = False,
    server: options.Server = DEFAULT_TARGET,
    token: options.Token = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT_S,
    tls: options.Tls = False,
    root_certificates: options.RootCertificates = None,
) -> None:
    """Add a folder of photos or the rows of a CSV to the catalogue; again changes nothing.

    FOLDER: each photo is an item; its id is its path below the folder, its title comes from the
    file's name, and the name of its own folder is its category where that is top, bottom, outer,
    dress, shoes or bag.

    CSV: the column image (a path, relative to the CSV) is needed; id, title and category are
    optional; attributes.NAME becomes the attribute NAME; all other columns go into the payload, a
    JSON object, whose "image" is the photo's absolute path, by which `ootd search --draw` finds it.
    """
    try:
        total = count_catalog(source)
        rows = read_catalog(source)
    except (SourceError, OSError) as error:
        raise typer.BadParameter(str(error), param_hint="FOLDER|CSV") from None
    report = _Report(as_json=as_json)
    with (
        failures.reported(server),
        options.connect(
            server, token, timeout, tls=tls, root_certificates=root_certificates
        ) as client,
    ):
        client.count_items()  # A wrong address is told at once, not after the patience.
        with _told_when_stopped(report), _progress(total) as progress:
            run = IngestRun(client, rows, patience_s=patience, waits=progress.waits)
            for outcome in run.outcomes():
                report.add(outcome)
                progress.advance(failed=report.counts["failed"])
        report.finish(client)
    if report.counts["failed"]:
        raise typer.Exit(failures.SOME_FAILED)


class _Report:
    """Counts outcomes, and keeps the first failures for the end."""

    def __init__(self, *, as_json: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._as_json = as_json
        self._failures: list[str] = []

    def add(self, outcome: Outcome) -> None:
        """Count one row, and print its line of JSON."""
        self.counts[outcome.result] += 1
        if self._as_json:
            line = {"id": outcome.item_id, "image": outcome.image, "result": outcome.result}
            error = {"error": failures.as_json(outcome.error)} if outcome.error else {}
            print_json({**line, **error})
        if outcome.error is not None and len(self._failures) < _LISTED_FAILURES:
            where = outcome.image or outcome.item_id
            message = outcome.error.message
            self._failures.append(message if message.startswith(where) else f"{where}: {message}")

    def finish(self, client: Client | None) -> None:
        """Print what there is to say at the end; the catalogue's size where it can be asked for."""
        console = errors_console()
        if self._failures:
            console.print(f"{self.counts['failed']} failed:", style="red")
        for line in self._failures:
            console.print(f"  {line}", markup=False)
        unlisted = self.counts["failed"] - len(self._failures)
        if unlisted:
            console.print(f"  and {unlisted} more (--json tells them all)")
        text = (
            f"stored {self.counts['stored']} (new or changed), "
            f"unchanged {self.counts['unchanged']}, failed {self.counts['failed']}"
        )
        if client is not None:
            text += f"; the catalogue has {client.count_items():,} items"
        (console if self._as_json else tables_console()).print(text, soft_wrap=True)

    def say_stopped(self, error: BaseException) -> None:
        """Tell that it is not done, and how to go on."""
        console = errors_console()
        if isinstance(error, SourceError | OSError):
            console.print(f"Cannot read on: {error}", style="red", markup=False)
        console.print("Stopped; the same command again goes on where it ended.", style="yellow")


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
        message = f"{problem.rstrip('.')}; trying again in {wait_s:g} s"
        self._progress.console.print(message, style="yellow", markup=False)


@contextmanager
def _told_when_stopped(report: _Report) -> Iterator[None]:
    """Tell how far it came when an error or Ctrl-C ends it."""
    try:
        yield
    except (OotdError, SourceError, OSError, KeyboardInterrupt) as error:
        report.finish(None)
        report.say_stopped(error)
        if isinstance(error, SourceError | OSError):
            raise typer.Exit(failures.SOME_FAILED) from None
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
