"""`ootd item put`: add or replace one item."""

import json
from typing import Annotated

import typer
from rich.text import Text

from ootd import ItemUpload
from ootd.cli import connection, options
from ootd.cli.exit_codes import SOME_FAILED
from ootd.cli.failures import PhotoUnusableError
from ootd.cli.json_lines import item_json
from ootd.cli.output import print_json, print_table, say
from ootd.cli.photos import PhotoFile
from ootd.cli.printable import printable
from ootd.cli.tables import garment_name


@connection.with_connection
def put(
    context: typer.Context,
    item_id: Annotated[str, typer.Argument(metavar="ID", help="The item's id.")],
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="Its photo; - is standard input.")],
    *,
    title: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Title, for people; a category that it names guides the analysis.",
            show_default=False,
        ),
    ] = "",
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="An attribute of the shop's own; may be given again.",
            show_default=False,
        ),
    ] = None,
    payload: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What comes back with every hit, at most 16 KiB.",
            show_default='{"image": NAME OF THE FILE}',
        ),
    ] = None,
    category: options.Category = None,
    region: options.RegionText = None,
    score_threshold: options.ScoreThreshold = None,
    attribute_model: options.AttributeModelName = None,
    as_json: options.AsJson = False,
    histogram: options.Histogram = False,
) -> None:
    """Add an item that a photo shows, or replace it; the same again changes nothing."""
    looking = options.parse_looking(category, region, score_threshold, attribute_model)
    attributes = _parse_attributes(attribute or [])
    file = PhotoFile(photo)
    try:
        image = file.read()
    except PhotoUnusableError as error:
        say(f"{photo}: {error}.")
        raise typer.Exit(SOME_FAILED) from None
    if payload is None:
        payload = json.dumps({"image": file.path.name}, ensure_ascii=False) if file.path else ""
    upload = ItemUpload(
        item_id,
        image,
        title=title,
        category=looking.category,
        region=looking.region,
        attributes=attributes,
        payload=payload.encode("utf-8", "replace"),
        score_threshold=looking.score_threshold,
        attribute_model=looking.attribute_model,
    )
    with connection.gateway(context) as client:
        result = client.upsert_item(upload)
    assert result.item is not None
    outcome = result.outcome or "created"
    if as_json:
        print_json({"result": outcome, "item": item_json(result.item, histogram=histogram)})
        return
    garment = result.item.garment
    word = {"created": "new", "replaced": "replaced", "unchanged": "unchanged"}[outcome]
    name = f"{garment.super_category}: {garment_name(garment)}"
    print_table(Text(f"{word}: {printable(result.item.item_id)}  {name}"))


def _parse_attributes(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            problem = f'must be NAME=VALUE such as "brand=Acme", is {printable(text)!r}'
            raise typer.BadParameter(problem, param_hint="--attribute")
        if name in found:
            problem = f"{printable(name)!r} is given twice"
            raise typer.BadParameter(problem, param_hint="--attribute")
        found[name] = value
    return found
