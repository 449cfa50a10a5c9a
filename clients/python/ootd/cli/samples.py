"""`ootd samples`: drawn photos to try everything with."""

import errno
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from ootd.cli import options
from ootd.cli.exit_codes import OUTPUT_LOST
from ootd.cli.output import errors_console, print_json, print_table, reason_of, say
from ootd.cli.printable import printable

_MOST = 100_000
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def samples(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write them.")],
    *,
    outfits: Annotated[
        int, typer.Option(min=0, max=_MOST, help="Photos of people in outfits.")
    ] = 12,
    catalog: Annotated[
        int, typer.Option(min=0, max=_MOST, help="Photos of single garments.")
    ] = 120,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same photos.")] = 0,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Draw outfit photos, and a catalogue (photos and catalog.csv) with the garments in them."""
    try:
        from ootd_samples import write_samples  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise typer.BadParameter(
            f"needs {error.name}; install it with pip install 'ootd[samples]'", param_hint="samples"
        ) from None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors_console()) as progress:
        tasks: list[TaskID] = []

        def advance(done: int, total: int) -> None:
            if not tasks:  # Nothing is shown before there is something to show.
                tasks.append(progress.add_task("draw", total=total))
            progress.update(tasks[0], completed=done)

        try:
            index = write_samples(
                folder,
                outfits=outfits,
                catalog=catalog,
                seed=seed,
                replace=force,
                progress=advance,
            )
        except FileExistsError as error:
            raise _bad(
                f"{error.filename} would be replaced; give --force if that is meant"
            ) from None
        except OSError as error:
            text = f"cannot write {error.filename or folder}: {reason_of(error)}"
            if error.errno not in _NO_ROOM:
                raise _bad(text) from None
            say(f"{text[:1].upper()}{text[1:]}. Nothing was written.")
            raise typer.Exit(OUTPUT_LOST) from None
        except KeyboardInterrupt:
            say("Stopped; nothing was written.", "yellow")
            raise
    if as_json:
        print_json(
            {
                "folder": str(index.folder),
                "outfits": [str(path) for path in index.outfits],
                "catalog_csv": str(index.catalog_csv),
                "catalog": len(index.catalog),
                "labels": str(index.labels_json),
            }
        )
        return
    outfit_folder, table = printable(str(index.folder / "outfits")), str(index.catalog_csv)
    print_table(
        f"{len(index.outfits)} outfits in {outfit_folder}",
        f"{len(index.catalog)} catalogue photos, listed in {printable(table)}",
        f"labels in {printable(str(index.labels_json))}",
    )


def _bad(text: str) -> typer.BadParameter:
    return typer.BadParameter(printable(text), param_hint="FOLDER")
