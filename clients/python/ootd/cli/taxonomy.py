"""`ootd taxonomy`: the names that the models know."""

import typer
from rich.table import Table
from rich.text import Text

from ootd import Taxonomy
from ootd.cli import connection, options
from ootd.cli.json_lines import taxonomy_json
from ootd.cli.output import print_json, print_table
from ootd.cli.printable import printable


@connection.with_connection
def taxonomy(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """Tell the names of all categories and attributes that the gateway's models know."""
    with connection.gateway(context) as client:
        found = client.taxonomy()
    if as_json:
        print_json(taxonomy_json(found))
    else:
        print_table(_categories(found), "", _groups(found))


def _categories(taxonomy: Taxonomy) -> Table:
    title = Text(f"categories (taxonomy version {taxonomy.version})", style="bold")
    table = _table(title, "category", "sub-categories")
    for one in taxonomy.categories:
        subs = printable(", ".join(one.sub_categories))
        table.add_row(one.super_category, Text(subs))
    return table


def _groups(taxonomy: Taxonomy) -> Table:
    table = _table(Text("attributes", style="bold"), "group", "values", "of")
    for one in taxonomy.attribute_groups:
        values = printable(", ".join(one.values))
        several = " (several at once)" if one.kind == "multi_label" else ""
        note = "" if one.trained else " (not trained yet: never returned)"
        subs = printable(", ".join(one.sub_categories)) or "all"
        table.add_row(Text(printable(one.name)), Text(f"{values}{several}{note}"), Text(subs))
    return table


def _table(title: Text, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table
