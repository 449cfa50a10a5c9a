"""`ootd search`: items that look like the garments of photos, or like an item."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from ootd import Client, Hit, ImageSearch, Item, OotdError
from ootd.cli import connection, failures, options, pictures
from ootd.cli.failures import PhotoUnusableError
from ootd.cli.item_pictures import ItemPictures, folders_around
from ootd.cli.json_lines import hit_json, search_json
from ootd.cli.output import print_json, print_table, say
from ootd.cli.photo_failures import PhotoFailures
from ootd.cli.photos import PhotoFile, expand
from ootd.cli.printable import printable
from ootd.cli.tables import described, hits_table, why_none

_DRAWN_HITS = 5


@connection.with_connection
def search(
    context: typer.Context,
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTO",
            help="Photos or folders; - is standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    item: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Search with this item instead.", show_default=False),
    ] = None,
    k: options.HitCount = 10,
    offset: options.Offset = 0,
    min_score: options.MinScore = None,
    fields: options.Fields = None,
    parts: options.Parts = False,
    category: options.Category = None,
    region: options.RegionText = None,
    score_threshold: options.ScoreThreshold = None,
    attribute_model: options.AttributeModelName = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Write the photo with its boxes beside the best hits here; a folder for several.",
        ),
    ] = None,
    pictures_in: Annotated[
        list[Path] | None,
        typer.Option(
            "--pictures",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Where the photos of the catalogue are, for --draw; may be given again.",
            show_default="here and around the photo",
        ),
    ] = None,
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
    as_json: options.AsJson = False,
    histogram: options.Histogram = False,
) -> None:
    """Find items that look like the garments of photos, or like an item."""
    looking = options.parse_looking(category, region, score_threshold, attribute_model)
    wish = options.HitWish(k, offset, min_score, options.parse_fields(fields), parts)
    if bool(photos) == (item is not None):
        raise typer.BadParameter("give photos or --item, one of them", param_hint="PHOTO")
    if item is not None and looking != options.Looking():
        text = "guides and options of analysis belong to photos, not to --item"
        raise typer.BadParameter(text, param_hint="--item")
    files = expand(photos or [])
    named = files or [PhotoFile((item or "").replace("/", "-"))]
    picture_of = ItemPictures(
        pictures_in or folders_around([one.path for one in files if one.path])
    )
    target = pictures.target_of(draw, named, force=force, skip_existing=skip_existing)
    if target is not None:
        left = target.undrawn(named)
        files = [one for one in files if one in left]
    drawing = _Drawing(target, picture_of, min(k, _DRAWN_HITS)) if target else None
    printing = _Printing(wish, as_json=as_json, histogram=histogram, headed=len(files) > 1)
    with connection.gateway(context) as client, pictures.told_when_stopped(target, files):
        if item is not None:
            _search_item(client, item, printing, drawing)
        else:
            _search_photos(client, files, looking, printing, drawing)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws photos and items with their hits, and tells which pictures it did not find."""

    target: pictures.Target
    picture_of: ItemPictures
    hits: int

    def draw_photo(self, photo: PhotoFile, found: ImageSearch) -> None:
        self.target.write_search(photo, found, self.picture_of, hits=self.hits)

    def draw_item(self, item: Item, found: tuple[Hit, ...]) -> None:
        self.target.write_hits(item, found, self.picture_of, hits=self.hits)

    def tell_missing(self) -> None:
        if self.picture_of.missing:
            count = len(self.picture_of.missing)
            text = f"pictures of {count} items not found; --pictures FOLDER tells where they are"
            say(text, "dim")


@dataclass(frozen=True, slots=True)
class _Printing:
    """Prints what was found; `headed`: with the photo's name, as there are several."""

    wish: options.HitWish
    as_json: bool
    histogram: bool
    headed: bool

    def print_photo(self, photo: PhotoFile, found: ImageSearch) -> None:
        if self.as_json:
            print_json(search_json(photo.name, found, histogram=self.histogram))
            return
        if self.headed:
            print_table(Text(printable(photo.name), style="bold underline"))
        for number, result in enumerate(found.results, start=1):
            print_table(self._table(f"{number}  {described(result.garment)}", result.hits), "")
        if not found.results:
            print_table(why_none(found.dropped), "")

    def print_item(self, item: str, hits: tuple[Hit, ...]) -> None:
        if self.as_json:
            print_json({"item": item, "hits": [hit_json(hit) for hit in hits]})
        else:
            print_table(self._table(f"like {printable(item)}", hits))

    def _table(self, title: str, hits: tuple[Hit, ...]) -> Group:
        none = "nothing of this kind in the catalogue"
        if self.wish.min_score is not None:
            none = f"no hits with {self.wish.min_score:g} or more"
        elif self.wish.offset:
            none = "no more hits"
        return hits_table(title, hits, offset=self.wish.offset, parts=self.wish.parts, none=none)


def _search_item(client: Client, item: str, printing: _Printing, drawing: _Drawing | None) -> None:
    wish = printing.wish
    hits = client.search_by_item(
        item,
        k=wish.k,
        offset=wish.offset,
        min_score=wish.min_score,
        fields=wish.fields,
        include_score_parts=wish.parts,
    )
    printing.print_item(item, hits)
    if drawing is not None:
        drawing.draw_item(client.get_item(item), hits)
        drawing.tell_missing()


def _search_photos(
    client: Client,
    photos: Sequence[PhotoFile],
    looking: options.Looking,
    printing: _Printing,
    drawing: _Drawing | None,
) -> None:
    """One photo after the other; what would fail with each of them ends it."""
    failed = PhotoFailures(photos, client.target, as_json=printing.as_json)
    for number, photo in enumerate(photos):
        try:
            found = _search_photo(client, photo, looking, printing.wish)
        except PhotoUnusableError as error:
            failed.add(photo, error)
            continue
        except OotdError as error:
            failed.add(photo, error)
            if failures.ends_the_command(error):
                for undone in photos[number + 1 :]:
                    failed.add(undone, error)
                failed.stop(error)
                break
            continue
        printing.print_photo(photo, found)
        if drawing is not None:
            drawing.draw_photo(photo, found)
    if drawing is not None:
        drawing.tell_missing()
    if code := failed.finish():
        raise typer.Exit(code)


def _search_photo(
    client: Client, photo: PhotoFile, looking: options.Looking, wish: options.HitWish
) -> ImageSearch:
    return client.search_by_image(
        photo.read(),
        category=looking.category,
        region=looking.region,
        score_threshold=looking.score_threshold,
        attribute_model=looking.attribute_model,
        k=wish.k,
        offset=wish.offset,
        min_score=wish.min_score,
        fields=wish.fields,
        include_score_parts=wish.parts,
    )
