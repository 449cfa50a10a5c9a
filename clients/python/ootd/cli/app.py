"""The command `ootd` and its subcommands."""

from typing import Annotated

import typer

import ootd
from ootd.cli import analyze, connection, ingest, item, samples, search, status, taxonomy
from ootd.cli.exit_codes import MEANINGS
from ootd.cli.output import print_table

app = typer.Typer(
    name="ootd",
    help="Garments in outfit photos, and items of a catalogue that look like them.",
    epilog="Exit codes: "
    + ", ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())
    + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyze")(analyze.analyze)
app.command("search")(search.search)
app.command("ingest")(ingest.ingest)
app.add_typer(item.app, name="item")
app.command("taxonomy")(taxonomy.taxonomy)
app.command("status")(status.status)
app.command("samples")(samples.samples)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        print_table(f"ootd {ootd.__version__}")
        raise typer.Exit


@app.callback()
@connection.with_connection
def _root(
    context: typer.Context,
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
    del context, version
