"""`ootd item`: read, list and delete items of the catalogue."""

import json
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ootd import Client, Item, ItemPage, OotdError
from ootd.cli import connection, options
from ootd.cli.item_put import put
from ootd.cli.json_lines import item_json, payload_json
from ootd.cli.output import print_json, print_table, say
from ootd.cli.printable import printable
from ootd.cli.tables import garment_name, two_columns

app = typer.Typer(
    help="Read, put and delete items of the catalogue. An id that begins with - stands after --, "
    "as in: ootd item get -- -id",
    no_args_is_help=True,
)

_PAGE = 500
_MOST_AT_ONCE = 1000


@app.callback()
@connection.with_connection
def _group(context: typer.Context) -> None:
    """Take the connection's options before the subcommand too."""


app.command("put")(put)


@app.command("get")
@connection.with_connection
def get(
    context: typer.Context,
    item_id: Annotated[str, typer.Argument(metavar="ID", help="The item's id.")],
    *,
    fields: options.ItemFields = None,
    as_json: options.AsJson = False,
    histogram: options.Histogram = False,
) -> None:
    """Show one item."""
    wanted = options.parse_fields(fields)
    with connection.gateway(context) as client:
        item = client.get_item(item_id, fields=wanted)
    if as_json:
        print_json(item_json(item, histogram=histogram))
    else:
        print_table(_card(item))


@app.command("list")
@connection.with_connection
def list_items(
    context: typer.Context,
    *,
    category: options.Category = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many.", show_default=False)
    ] = None,
    page_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            metavar="N",
            help="One page of so many; it tells the token of the next page.",
            show_default=False,
        ),
    ] = None,
    page_token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", help="Begin with this page.", show_default=False),
    ] = None,
    fields: options.ItemFields = None,
    as_json: options.AsJson = False,
) -> None:
    """List items in the order of their ids, as they come; or a page of them."""
    wanted = options.parse_fields(fields)
    if limit is not None and (page_size is not None or page_token is not None):
        text = "give --limit, or --page-size and --page-token"
        raise typer.BadParameter(text, param_hint="--limit")
    with connection.gateway(context) as client:
        if page_size is not None or page_token is not None:
            page = client.list_page(
                token=page_token or "",
                page_size=page_size or _PAGE,
                super_category=category,
                fields=wanted,
            )
            _print_page(page, as_json=as_json)
            return
        size = min(limit or _PAGE, _PAGE)
        items = client.list_items(super_category=category, page_size=size, fields=wanted)
        for item in islice(items, limit):
            _print_item(item, as_json=as_json)


@app.command("delete")
@connection.with_connection
def delete(
    context: typer.Context,
    item_ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids of the items.")],
    *,
    as_json: options.AsJson = False,
) -> None:
    """Delete items; ids that are not there are told and are no failure."""
    deleted: list[str] = []
    with connection.gateway(context) as client:
        try:
            _delete(client, item_ids, deleted)
        except OotdError:
            if deleted:
                say(f"deleted {len(deleted)} before it failed; the rest may be there still")
            raise
    there = set(deleted)
    missing = [one for one in dict.fromkeys(item_ids) if one not in there]
    if as_json:
        print_json({"deleted": deleted, "missing": missing})
        return
    print_table(f"deleted {len(deleted)} of {len(deleted) + len(missing)}")
    for one in missing:
        say(f"not there: {one}", "yellow")


def _delete(client: Client, item_ids: list[str], deleted: list[str]) -> None:
    for start in range(0, len(item_ids), _MOST_AT_ONCE):
        deleted.extend(client.delete_items(item_ids[start : start + _MOST_AT_ONCE]))


def _print_item(item: Item, *, as_json: bool) -> None:
    if as_json:
        print_json(item_json(item))
    else:
        print_table(_line(item))


def _print_page(page: ItemPage, *, as_json: bool) -> None:
    if as_json:
        items = [item_json(one) for one in page.items]
        print_json({"items": items, "next_page_token": page.next_token, "total": page.total_size})
        return
    for item in page.items:
        _print_item(item, as_json=False)
    if page.next_token:
        say(f"next page: --page-token {page.next_token}", "dim")


def _line(item: Item) -> Text:
    line = Text(f"{printable(item.item_id)}  ", style="bold", overflow="ignore", no_wrap=True)
    line.append(printable(item.title), style="none")
    line.append(f"  {item.garment.super_category}: {garment_name(item.garment)}", "dim")
    return line


def _card(item: Item) -> Table:
    table = two_columns()
    garment = item.garment
    table.add_row("id", Text(printable(item.item_id)))
    table.add_row("title", Text(printable(item.title)))
    table.add_row("garment", Text(f"{garment.super_category}: {garment_name(garment)}"))
    for name, value in sorted(item.attributes.items()):
        table.add_row(Text(printable(name)), Text(printable(value)))
    payload = payload_json(item.payload)
    shown = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    table.add_row("payload", Text(printable(shown)))
    if item.update_time is not None:
        table.add_row("changed", item.update_time.isoformat(timespec="seconds"))
    if item.vector_fingerprint:
        table.add_row("models", Text(printable(item.vector_fingerprint)))
    return table
