"""Options of several commands: what is known of a photo, how it is looked at, which hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import typer

from ootd import AttributeModel, SuperCategory
from ootd.cli.connection import finite

_GUIDE = "What is known already"
_ANALYSIS = "Analysis"
_HITS = "Hits"

AsJson: TypeAlias = Annotated[
    bool,
    typer.Option("--json", help="One JSON object a line on standard output; see CLI.md."),
]
Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Replace files that are there already.")
]
SkipExisting: TypeAlias = Annotated[
    bool,
    typer.Option("--skip-existing", help="With --draw: pass over photos whose pictures are there."),
]
Category: TypeAlias = Annotated[
    SuperCategory | None,
    typer.Option(
        help="Only garments of this kind.",
        case_sensitive=False,
        show_default=False,
        rich_help_panel=_GUIDE,
    ),
]
RegionText: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="X0,Y0,X1,Y1",
        help="The rectangle that holds the garment, as fractions of width and height.",
        show_default=False,
        rich_help_panel=_GUIDE,
    ),
]
ScoreThreshold: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        callback=finite,
        help="Lowest detector score of a garment, 0 to 1.",
        show_default="the gateway's",
        rich_help_panel=_ANALYSIS,
    ),
]
AttributeModelName: TypeAlias = Annotated[
    AttributeModel | None,
    typer.Option(
        "--attribute-model",
        help="What tells sub-category and attributes.",
        show_default="the gateway's",
        rich_help_panel=_ANALYSIS,
    ),
]
Histogram: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--histogram",
        help="With --json: each garment's colour histogram too.",
        rich_help_panel=_ANALYSIS,
    ),
]
HitCount: TypeAlias = Annotated[
    int, typer.Option("-k", min=1, max=1000, help="Hits for each garment.", rich_help_panel=_HITS)
]
Offset: TypeAlias = Annotated[
    int,
    typer.Option(
        min=0, max=10_000, help="Pass over so many of the best hits.", rich_help_panel=_HITS
    ),
]
MinScore: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=-1.0,
        max=1.0,
        callback=finite,
        help="Lowest score of a hit, -1 to 1.",
        show_default="all hits",
        rich_help_panel=_HITS,
    ),
]
Parts: TypeAlias = Annotated[
    bool, typer.Option("--parts", help="With the parts of each score.", rich_help_panel=_HITS)
]
Fields: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--fields",
        metavar="NAME,NAME…",
        help="What items carry, such as title,payload,garment.embedding; the id always.",
        show_default="all but the vectors",
        rich_help_panel=_HITS,
    ),
]
ItemFields: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--fields",
        metavar="NAME,NAME…",
        help="What items carry, such as title,payload,garment.embedding; the id always.",
        show_default=False,
    ),
]

RegionNumbers: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Looking:
    """What is known of a photo (at most one of category and region), and how it is looked at."""

    category: SuperCategory | None = None
    region: RegionNumbers | None = None
    score_threshold: float | None = None
    attribute_model: AttributeModel | None = None


@dataclass(frozen=True, slots=True)
class HitWish:
    """Which hits are wanted, and what they are to carry; fields None: all but the vectors."""

    k: int = 10
    offset: int = 0
    min_score: float | None = None
    fields: Sequence[str] | None = None
    parts: bool = False


def parse_looking(
    category: SuperCategory | None,
    region: str | None,
    score_threshold: float | None = None,
    attribute_model: AttributeModel | None = None,
) -> Looking:
    """Return the options of a photo; typer.BadParameter for two guides and a bad rectangle."""
    if category is not None and region is not None:
        raise typer.BadParameter("give --category or --region, not both", param_hint="--region")
    rectangle = None if region is None else _parse_region(region)
    return Looking(category, rectangle, score_threshold, attribute_model)


def parse_fields(text: str | None) -> Sequence[str] | None:
    """Return the names of fields, None for the default ones; typer.BadParameter for none at all."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise typer.BadParameter("name one field or more, such as title", param_hint="--fields")
    return names


def _parse_region(text: str) -> RegionNumbers:
    example = 'four numbers 0 to 1 such as "0.2,0.1,0.8,0.5"'
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"must be {example}, is {text!r}", param_hint="--region") from None
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise typer.BadParameter(
            f"must be {example} with x0 < x1 and y0 < y1, is {text!r}", param_hint="--region"
        )
    return x0, y0, x1, y1
