"""Options that several subcommands share, and the client that they make."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ootd import DEFAULT_TARGET, AttributeModel, Client, SuperCategory

DEFAULT_TIMEOUT_S = 30.0
"""Seconds for one call, patient enough for a first call to a cold gateway."""

_CONNECTION = "Gateway"
_GUIDE = "What is known already"
_ANALYSIS = "Analysis"

Server: TypeAlias = Annotated[
    str,
    typer.Option(
        "--server", "-s", envvar="OOTD_SERVER", help="host:port", rich_help_panel=_CONNECTION
    ),
]
Token: TypeAlias = Annotated[
    str | None,
    typer.Option(
        envvar="OOTD_TOKEN", help="Bearer token.", show_default=False, rich_help_panel=_CONNECTION
    ),
]
Timeout: TypeAlias = Annotated[
    float,
    typer.Option(min=0.001, help="Seconds for one call or answer.", rich_help_panel=_CONNECTION),
]
Tls: TypeAlias = Annotated[
    bool, typer.Option("--tls", help="Encrypt the connection.", rich_help_panel=_CONNECTION)
]
RootCertificates: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="PEM file of the authorities to trust; implies --tls.",
        show_default=False,
        rich_help_panel=_CONNECTION,
    ),
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="One JSON object a line on standard output.")
]


Category: TypeAlias = Annotated[
    SuperCategory | None,
    typer.Option(help="Only garments of this kind.", show_default=False, rich_help_panel=_GUIDE),
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


Guide: TypeAlias = tuple[SuperCategory | None, tuple[float, float, float, float] | None]
"""A guide's category and region; at most one of them is given."""


def connect(
    server: str = DEFAULT_TARGET,
    token: str | None = None,
    timeout: float = DEFAULT_TIMEOUT_S,
    *,
    tls: bool = False,
    root_certificates: Path | None = None,
) -> Client:
    """Return a client for the options; typer.BadParameter where they make no sense."""
    try:
        return Client(
            server,
            token=token or None,
            tls=tls,
            root_certificates=root_certificates.read_bytes() if root_certificates else None,
            timeout_s=timeout,
        )
    except ValueError as error:
        hint = "--token" if "token" in str(error) else "--server"
        raise typer.BadParameter(str(error), param_hint=hint) from None


def parse_guide(category: SuperCategory | None, region: str | None) -> Guide:
    """Return category and region; typer.BadParameter for both at once and for a bad rectangle."""
    if category is not None and region is not None:
        raise typer.BadParameter("give --category or --region, not both", param_hint="--region")
    return category, None if region is None else _parse_region(region)


def _parse_region(text: str) -> tuple[float, float, float, float]:
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
