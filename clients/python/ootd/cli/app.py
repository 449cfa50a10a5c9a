"""The command `ootd` and its subcommands."""

from typing import Annotated

import typer

import ootd
from ootd.cli import analyze, ingest, item, samples, search, status

app = typer.Typer(
    name="ootd",
    help="Garments in outfit photos, and items of a catalogue that look like them.",
    epilog=(
        "Exit codes: 0 all went well, 1 some photos or items failed, 2 wrong usage, "
        "3 the gateway cannot be reached or cannot work now, 4 it refused the request, "
        "5 it has a bug."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("analyze")(analyze.analyze)
app.command("ingest")(ingest.ingest)
app.command("search")(search.search)
app.command("status")(status.status)
app.command("samples")(samples.samples)
app.add_typer(item.app, name="item")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"ootd {ootd.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda wanted: _print_version(wanted=wanted),
            is_eager=True,
            help="Print the version and stop.",
        ),
    ] = False,
) -> None:
    del version
