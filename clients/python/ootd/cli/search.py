"""`ootd search`: items that look like the garments of a photo, or like an item."""

from pathlib import Path
from typing import Annotated

import typer

from ootd import DEFAULT_TARGET, Client, Garment, Hit, ImageSearch
from ootd.cli import failures, options, pictures
from ootd.cli.output import (
    analysis_json,
    errors_console,
    garment_json,
    garment_name,
    hit_json,
    hits_table,
    print_json,
    tables_console,
)

_DRAWN_HITS = 5


def search(
    photo: Annotated[
        Path | None, typer.Argument(metavar="PHOTO", help="The photo.", show_default=False)
    ] = None,
    *,
    item: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Search with this item instead.", show_default=False),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Hits for each garment.")] = 10,
    parts: Annotated[bool, typer.Option("--parts", help="With the parts of each score.")] = False,
    category: options.Category = None,
    region: options.RegionText = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT", help="Write the photo with its boxes beside the best hits here."
        ),
    ] = None,
    as_json: options.AsJson = False,
    server: options.Server = DEFAULT_TARGET,
    token: options.Token = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT_S,
    tls: options.Tls = False,
    root_certificates: options.RootCertificates = None,
) -> None:
    """Find items that look like the garments of a photo, or like an item."""
    guide = options.parse_guide(category, region)
    if (photo is None) == (item is None):
        raise typer.BadParameter("give a photo or --item, one of them", param_hint="PHOTO")
    if item is not None and guide != (None, None):
        raise typer.BadParameter("guides belong to photos, not to --item", param_hint="--item")
    drawing = pictures.Target(draw, several=False) if draw else None
    with (
        failures.reported(server),
        options.connect(
            server, token, timeout, tls=tls, root_certificates=root_certificates
        ) as client,
    ):
        if photo is not None:
            found = _search_photo(client, photo, guide, k, parts=parts)
            _print_photo(photo, found, as_json=as_json)
            if drawing is not None:
                drawing.write_search(photo, found, hits=min(k, _DRAWN_HITS))
        elif item is not None:
            hits = client.search_by_item(item, k=k, include_score_parts=parts)
            _print_item(item, hits, as_json=as_json)
            if drawing is not None:
                drawing.write_hits(client.get_item(item), hits, hits=min(k, _DRAWN_HITS))


def _search_photo(
    client: Client, photo: Path, guide: options.Guide, k: int, *, parts: bool
) -> ImageSearch:
    category, region = guide
    try:
        return client.search_by_image(
            photo, category=category, region=region, k=k, include_score_parts=parts
        )
    except OSError as error:
        errors_console().print(f"Cannot read the photo: {error}", style="red", markup=False)
        raise typer.Exit(failures.SOME_FAILED) from None


def _print_photo(photo: Path, found: ImageSearch, *, as_json: bool) -> None:
    if as_json:
        results = [
            {
                "garment": garment_json(result.garment),
                "hits": [hit_json(hit) for hit in result.hits],
            }
            for result in found.results
        ]
        dropped = analysis_json((), found.dropped)["dropped"]
        print_json({"image": str(photo), "results": results, "dropped": dropped})
        return
    console = tables_console()
    for number, result in enumerate(found.results, start=1):
        console.print(hits_table(f"{number}  {_describe(result.garment)}", result.hits), "")
    if not found.results:
        console.print("no garments")


def _print_item(item: str, hits: tuple[Hit, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"item": item, "hits": [hit_json(hit) for hit in hits]})
    else:
        tables_console().print(hits_table(f"like {item}", hits))


def _describe(garment: Garment) -> str:
    score = f", found with {garment.score:.2f}" if garment.score else ""
    return f"{garment_name(garment)}  ({garment.super_category}{score})"
