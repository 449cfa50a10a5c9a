"""`ootd samples`: drawn photos to try everything with."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ootd.cli import options
from ootd.cli.output import errors_console, print_json, tables_console


def samples(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write them.")],
    *,
    outfits: Annotated[int, typer.Option(min=0, help="Photos of people in outfits.")] = 12,
    catalog: Annotated[int, typer.Option(min=0, help="Photos of single garments.")] = 120,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same photos.")] = 0,
    as_json: options.AsJson = False,
) -> None:
    """Draw outfit photos, and a catalogue (photos and catalog.csv) with the garments in them."""
    try:
        from ootd.samples import write_samples  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise typer.BadParameter(
            f"needs {error.name}; install it with pip install 'ootd[samples]'", param_hint="samples"
        ) from None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors_console()) as progress:
        task = progress.add_task("draw", total=None)
        try:
            index = write_samples(
                folder,
                outfits=outfits,
                catalog=catalog,
                seed=seed,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        except OSError as error:
            raise typer.BadParameter(f"cannot write: {error}", param_hint="FOLDER") from None
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
    tables_console().print(
        f"{len(index.outfits)} outfits in {index.folder / 'outfits'}\n"
        f"{len(index.catalog)} catalogue photos, listed in {index.catalog_csv}\n"
        f"labels in {index.labels_json}",
        markup=False,
        soft_wrap=True,
    )
