"""`ootd status`: how a gateway is, and what it is."""

import typer
from rich.table import Table
from rich.text import Text

import ootd
from ootd import Client, ServerInfo, ServerStatus
from ootd.cli import connection, options
from ootd.cli.exit_codes import UNAVAILABLE
from ootd.cli.json_lines import info_json
from ootd.cli.output import print_json, print_table, say
from ootd.cli.printable import printable
from ootd.cli.tables import two_columns

_STYLES = {"serving": "green", "not_serving": "red", "service_unknown": "yellow", "unknown": "red"}


@connection.with_connection
def status(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """Tell the health of each service, versions and models, and how many items there are."""
    with connection.gateway(context) as client:
        found = client.status()
        if found.problems:
            _raise_what_all_commands_meet(client)
    if as_json:
        print_json(
            {
                "server": found.target,
                "serving": found.is_serving,
                "health": dict(found.health),
                "taxonomy_version": found.taxonomy_version,
                "item_count": found.item_count,
                "problems": list(found.problems),
                "client_version": ootd.__version__,
                "info": info_json(found.info) if found.info else None,
            }
        )
    else:
        print_table(_table(found))
    for problem in found.problems:
        say(problem)
    if not found.is_serving:
        raise typer.Exit(UNAVAILABLE)


def _raise_what_all_commands_meet(client: Client) -> None:
    """A wrong token, or an address without a gateway, ends every command in the same way."""
    try:
        client.count_items()
    except (ootd.UnauthenticatedError, ootd.NoGatewayError):
        raise
    except ootd.OotdError:
        return


def _table(found: ServerStatus) -> Table:
    table = two_columns()
    table.add_row("server", printable(found.target))
    for service, state in found.health.items():
        table.add_row(service or "the gateway", f"[{_STYLES[state]}]{state.replace('_', ' ')}[/]")
    table.add_row("items", _number(found.item_count))
    table.add_row("taxonomy version", _number(found.taxonomy_version))
    table.add_row("this client", ootd.__version__)
    if found.info is None:
        table.add_row("gateway version", "not told")
        return table
    for name, value in _info_rows(found.info):
        table.add_row(name, Text(printable(value)))
    return table


def _info_rows(info: ServerInfo) -> list[tuple[str, str]]:
    limits = info.limits
    photo = (
        f"at most {limits.max_image_bytes / 2**20:g} MiB and "
        f"{limits.max_image_pixels / 1e6:g} megapixels, sides of {limits.min_image_side} px or more"
    )
    stored = info.stored_vector_fingerprint
    served = info.vector_fingerprint
    other = " (others than those served now)" if stored and served and stored != served else ""
    rows = [
        ("gateway version", info.version),
        ("vision server", info.vision_server),
        ("attribute model", info.attribute_model or ""),
        ("models of vectors", served),
        ("of stored vectors", f"{stored}{other}"),
        ("all models and rules", info.graph_fingerprint),
        ("weight of colour", f"{info.color_weight:g}"),
        ("a photo", photo if limits.max_image_bytes else ""),
    ]
    return [(name, value or "not known") for name, value in rows]


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
