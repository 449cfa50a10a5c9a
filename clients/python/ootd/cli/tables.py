"""Tables of garments and hits, for people. Text of others is made safe to show."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ootd import DroppedGarment, Garment, Hit, ImageAnalysis
from ootd.cli.printable import printable

_NO_REASON = "the gateway does not say why"
_WHY_DROPPED = {
    "unspecified": _NO_REASON,
    "category_disagreement": "the tagger sees another kind than the detector",
    "explained_by_dress": "a dress at the same place explains it better",
    "explained_by_top_or_bottom": "a top or bottom at the same place explains it better",
    "not_of_category": "nothing of the asked kind was found, the photo shows something else",
    "no_garment": "nothing was found, and the photo does not look like a garment",
}


def garment_name(garment: Garment) -> str:
    """Return what a person calls a garment, such as "navy blazer"."""
    color = garment.attribute("color")
    name = garment.sub_category or garment.super_category
    return printable(f"{color} {name}" if color else name)


def how_found(garment: Garment) -> str:
    """Return how a garment came about: its detector score, or why it has none."""
    match garment.box_origin:
        case "whole_photo":
            return "whole photo, nothing detected"
        case "region":
            return "in your region"
        case _:
            return f"{garment.score:.2f}"


def why_none(dropped: Sequence[DroppedGarment]) -> str:
    """Return a sentence about a photo without garments."""
    reasons = dict.fromkeys(_WHY_DROPPED.get(one.reason, _NO_REASON) for one in dropped)
    return f"no garments: {'; '.join(reasons)}" if reasons else "no garments"


def analysis_table(image: str, analysis: ImageAnalysis) -> Group | str:
    """Return the garments of one photo as a table; a sentence where it has none at all."""
    heading = f"{printable(image)}  ({analysis.width} x {analysis.height} px)"
    if not analysis.garments and not analysis.dropped:
        return f"{heading}\n{why_none(())}"
    table = _table()
    for name in ("kind", "sub-category", "color", "other attributes"):
        table.add_column(name, overflow="fold", min_width=6)
    table.add_column("box (x0 y0 x1 y1)", overflow="fold", min_width=9)
    table.add_column("found with", overflow="fold", min_width=5)
    for garment in analysis.garments:
        table.add_row(*_garment_cells(garment))
    for one in analysis.dropped:
        cells = _garment_cells(one.garment)
        reason = one.reason.replace("_", " ")
        table.add_row(*cells[:3], f"dropped: {reason}", *cells[4:], style="dim")
    why = () if analysis.garments else (Text(why_none(analysis.dropped)),)
    return Group(Text(heading, style="bold"), table, *why)


def hits_table(
    title: str,
    hits: Sequence[Hit],
    *,
    offset: int = 0,
    parts: bool = False,
    none: str = "nothing of this kind in the catalogue",
) -> Group:
    """Return what was found for one garment, or for an item, as a table.

    `offset` is the number of better hits that were passed over; `parts` shows what scores are made
    of; `none` is said where there are no hits.
    """
    if not hits:
        return Group(Text(title, style="bold"), Text(none, style="dim"))
    table = _table()
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    if parts:
        table.add_column("appearance", justify="right", no_wrap=True)
        table.add_column("color", justify="right", no_wrap=True)
    for name in ("id", "title", "looks like"):
        table.add_column(name, overflow="fold", min_width=5)
    for place, hit in enumerate(hits, start=offset + 1):
        table.add_row(
            str(place),
            f"{hit.score:.3f}",
            *(_part_cells(hit) if parts else ()),
            Text(printable(hit.item.item_id)),
            Text(printable(hit.item.title)),
            Text(garment_name(hit.item.garment)),
        )
    return Group(Text(title, style="bold"), table)


def described(garment: Garment) -> str:
    """Return a garment as the heading of its hits."""
    if garment.box_origin in {"whole_photo", "region"}:
        found = f", {how_found(garment)}"
    else:
        found = f", found with {garment.score:.2f}" if garment.score else ""
    return f"{garment_name(garment)}  ({garment.super_category}{found})"


def two_columns() -> Table:
    """Return an empty table of names and values."""
    table = Table(show_header=False, show_edge=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    return table


def _table() -> Table:
    return Table(show_edge=False, pad_edge=False)


def _part_cells(hit: Hit) -> tuple[str, str]:
    if hit.parts is None:
        return "", ""
    appearance = f"{hit.parts.appearance_weight:.2f} x {hit.parts.appearance:.3f}"
    return appearance, f"{hit.parts.color_weight:.2f} x {hit.parts.color:.3f}"


def _garment_cells(garment: Garment) -> list[str | Text]:
    others = [
        f"{one.group.replace('_', ' ')}: {one.value}"
        for one in garment.attributes
        if one.group != "color"
    ]
    box = " ".join(f"{value:.2f}" for value in garment.box.as_tuple()) if garment.box else ""
    return [
        garment.super_category,
        Text(printable(f"{garment.sub_category} ({garment.sub_category_score:.0%})")),
        Text(printable(garment.attribute("color") or "")),
        Text(printable(", ".join(others))),
        box,
        how_found(garment),
    ]
