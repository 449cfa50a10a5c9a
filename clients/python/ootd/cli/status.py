"""`ootd status`: how a gateway is."""

import typer
from rich.table import Table

from ootd import DEFAULT_TARGET
from ootd.cli import failures, options
from ootd.cli.output import errors_console, print_json, tables_console

_STYLES = {"serving": "green", "not_serving": "red", "service_unknown": "yellow", "unknown": "red"}


def status(
    *,
    as_json: options.AsJson = False,
    server: options.Server = DEFAULT_TARGET,
    token: options.Token = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT_S,
    tls: options.Tls = False,
    root_certificates: options.RootCertificates = None,
) -> None:
    """Tell the health of each service, the taxonomy's version and how many items there are."""
    with (
        failures.reported(server),
        options.connect(
            server, token, timeout, tls=tls, root_certificates=root_certificates
        ) as client,
    ):
        found = client.status()
    if as_json:
        print_json(
            {
                "server": found.target,
                "serving": found.is_serving,
                "health": dict(found.health),
                "taxonomy_version": found.taxonomy_version,
                "item_count": found.item_count,
                "problems": list(found.problems),
            }
        )
    else:
        table = Table(show_header=False, show_edge=False, pad_edge=False)
        table.add_row("server", found.target)
        for service, state in found.health.items():
            word = state.replace("_", " ")
            table.add_row(service or "the gateway", f"[{_STYLES[state]}]{word}[/]")
        table.add_row("taxonomy version", _number(found.taxonomy_version))
        table.add_row("items", _number(found.item_count))
        tables_console().print(table)
    for problem in found.problems:
        errors_console().print(problem, style="red", markup=False)
    if not found.is_serving:
        raise typer.Exit(failures.UNAVAILABLE)


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
