"""`ootd item`: read and delete items of the catalogue."""

import json
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ootd import DEFAULT_TARGET, Item
from ootd.cli import failures, options
from ootd.cli.output import (
    errors_console,
    garment_name,
    item_json,
    payload_json,
    print_json,
    tables_console,
)

app = typer.Typer(help="Read and delete items of the catalogue.", no_args_is_help=True)

_PAGE = 500
_MOST_AT_ONCE = 1000


@app.command("get")
def get(
    item_id: Annotated[str, typer.Argument(metavar="ID", help="The item's id.")],
    *,
    as_json: options.AsJson = False,
    server: options.Server = DEFAULT_TARGET,
    token: options.Token = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT_S,
    tls: options.Tls = False,
    root_certificates: options.RootCertificates = None,
) -> None:
    """Show one item."""
    with (
        failures.reported(server),
        options.connect(
            server, token, timeout, tls=tls, root_certificates=root_certificates
        ) as client,
    ):
        item = client.get_item(item_id)
    if as_json:
        print_json(item_json(item))
    else:
        tables_console().print(_card(item))


@app.command("list")
def list_items(
    *,
    category: options.Category = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many.", show_default=False)
    ] = None,
    as_json: options.AsJson = False,
    server: options.Server = DEFAULT_TARGET,
    token: options.Token = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT_S,
    tls: options.Tls = False,
    root_certificates: options.RootCertificates = None,
) -> None:
    """List items in the order of their ids, as they come."""
    console = tables_console()
    with (
        failures.reported(server),
        options.connect(
            server, token, timeout, tls=tls, root_certificates=root_certificates
        ) as client,
    ):
        page_size = min(limit or _PAGE, _PAGE)
        items = client.list_items(super_category=category, page_size=page_size)
        for item in islice(items, limit):
            if as_json:
                print_json(item_json(item))
                continue
            line = Text(f"{item.item_id}  ", style="bold")
            line.append(item.title, style="none")
            line.append(f"  {item.garment.super_category}: {garment_name(item.garment)}", "dim")
            console.print(line, soft_wrap=True)


@app.command("delete")
def delete(
    item_ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids of the items.")],
    *,
    as_json: options.AsJson = False,
    server: options.Server = DEFAULT_TARGET,
    token: options.Token = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT_S,
    tls: options.Tls = False,
    root_certificates: options.RootCertificates = None,
) -> None:
    """Delete items; ids that are not there are told and are no failure."""
    deleted: list[str] = []
    with (
        failures.reported(server),
        options.connect(
            server, token, timeout, tls=tls, root_certificates=root_certificates
        ) as client,
    ):
        for start in range(0, len(item_ids), _MOST_AT_ONCE):
            deleted.extend(client.delete_items(item_ids[start : start + _MOST_AT_ONCE]))
    there = set(deleted)
    missing = [one for one in dict.fromkeys(item_ids) if one not in there]
    if as_json:
        print_json({"deleted": deleted, "missing": missing})
        return
    tables_console().print(f"deleted {len(deleted)} of {len(deleted) + len(missing)}")
    for one in missing:
        errors_console().print(f"not there: {one}", style="yellow", markup=False)


def _card(item: Item) -> Table:
    table = Table(show_header=False, show_edge=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    garment = item.garment
    table.add_row("id", Text(item.item_id))
    table.add_row("title", Text(item.title))
    table.add_row("garment", f"{garment.super_category}: {garment_name(garment)}")
    for name, value in sorted(item.attributes.items()):
        table.add_row(Text(name), Text(value))
    payload = payload_json(item.payload)
    shown = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    table.add_row("payload", Text(shown))
    if item.update_time is not None:
        table.add_row("changed", item.update_time.isoformat(timespec="seconds"))
    return table
