"""What goes to standard output and standard error: JSON lines, tables, consoles."""

import base64
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ootd import DroppedGarment, Garment, Hit, ImageAnalysis, Item

_PIPE_WIDTH = 120


def tables_console() -> Console:
    """Return the console of standard output; wide where it is a file or a pipe."""
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False)


def errors_console() -> Console:
    """Return the console of standard error, for progress and failures."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: dict[str, Any]) -> None:
    """Write one object on one line, at once; as ASCII where standard output cannot take it."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        line.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # A file's name that is no UTF-8, or an ASCII terminal.
        line = json.dumps(value, allow_nan=False)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def garment_json(garment: Garment) -> dict[str, Any]:
    """Return a garment as it stands in a line of JSON."""
    return {
        "box": list(garment.box.as_tuple()) if garment.box else None,
        "score": garment.score,
        "super": garment.super_category,
        "sub": garment.sub_category,
        "sub_score": garment.sub_category_score,
        "attributes": [
            {"group": one.group, "value": one.value, "score": one.score}
            for one in garment.attributes
        ],
        "embedding": list(garment.embedding),
    }


def analysis_json(garments: Sequence[Garment], dropped: Sequence[DroppedGarment]) -> dict[str, Any]:
    """Return the garments and what was dropped, as they stand in a line of JSON."""
    return {
        "garments": [garment_json(one) for one in garments],
        "dropped": [{**garment_json(one.garment), "reason": one.reason} for one in dropped],
    }


def item_json(item: Item) -> dict[str, Any]:
    """Return an item as it stands in a line of JSON."""
    return {
        "id": item.item_id,
        "title": item.title,
        "attributes": dict(item.attributes),
        "payload": payload_json(item.payload),
        "garment": garment_json(item.garment),
        "sequence_number": item.sequence_number,
        "update_time": item.update_time.isoformat() if item.update_time else None,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return a hit as it stands in a line of JSON."""
    found: dict[str, Any] = {
        "id": hit.item.item_id,
        "score": hit.score,
        "title": hit.item.title,
        "super": hit.item.garment.super_category,
        "sub": hit.item.garment.sub_category,
        "attributes": dict(hit.item.attributes),
        "payload": payload_json(hit.item.payload),
    }
    if hit.parts is not None:
        found["parts"] = {
            "appearance": hit.parts.appearance,
            "color": hit.parts.color,
            "appearance_weight": hit.parts.appearance_weight,
            "color_weight": hit.parts.color_weight,
        }
    return found


def payload_json(payload: bytes) -> Any:
    """Return a payload as JSON where it is, else as text, else as {"base64": ...}."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(payload).decode()}
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return text


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def garment_name(garment: Garment) -> str:
    """Return what a person calls a garment, such as "navy blazer"."""
    color = garment.attribute("color")
    name = garment.sub_category or garment.super_category
    return f"{color} {name}" if color else name


def analysis_table(image: str, analysis: ImageAnalysis) -> Table:
    """Return the garments of one photo as a table."""
    title = Text(f"{image}  ({analysis.width} x {analysis.height} px)", style="bold")
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in ("kind", "sub-category", "color", "other attributes", "box (x0 y0 x1 y1)"):
        table.add_column(name)
    table.add_column("score", justify="right")
    for garment in analysis.garments:
        table.add_row(*_garment_cells(garment))
    for one in analysis.dropped:
        cells = _garment_cells(one.garment)
        reason = one.reason.replace("_", " ")
        table.add_row(*cells[:3], f"dropped: {reason}", *cells[4:], style="dim")
    return table


def hits_table(garment_title: str, hits: Sequence[Hit]) -> Table:
    """Return what was found for one garment, or for an item, as a table."""
    title = Text(garment_title, style="bold")
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("score", justify="right")
    for name in ("id", "title", "looks like"):
        table.add_column(name, overflow="fold")
    for place, hit in enumerate(hits, start=1):
        name = garment_name(hit.item.garment)
        table.add_row(
            str(place), f"{hit.score:.3f}", Text(hit.item.item_id), Text(hit.item.title), name
        )
    if not hits:
        table.add_row("", "", Text("nothing of this kind in the catalogue", style="dim"), "", "")
    return table


def _garment_cells(garment: Garment) -> list[str]:
    others = [
        f"{one.group.replace('_', ' ')}: {one.value}"
        for one in garment.attributes
        if one.group != "color"
    ]
    box = " ".join(f"{value:.2f}" for value in garment.box.as_tuple()) if garment.box else ""
    return [
        garment.super_category,
        f"{garment.sub_category} ({garment.sub_category_score:.0%})",
        garment.attribute("color") or "",
        ", ".join(others),
        box,
        f"{garment.score:.2f}",
    ]
