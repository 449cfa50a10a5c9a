"""What garments and people are made of: pieces of cloth and strokes, listed before any is painted.

A garment is a list of marks. Because the list exists before painting, the same garment can be
measured, moved, put on a person or laid on a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ootd_samples.colors import RGB
from ootd_samples.geometry import Floats, area_and_perimeter, bounds


class Stage(IntEnum):
    """Painting order on a person, from the back to the front."""

    BEHIND = 0
    BACK_ARM = 4
    BACK_SLEEVE = 6
    BACK_OUTER_SLEEVE = 8
    SKIN = 10
    SHOES = 20
    TUCKED = 30
    BOTTOM = 40
    BOOTS = 45
    TOP = 50
    COLLAR = 52
    OUTER = 60
    OUTER_COLLAR = 62
    STRAP = 65
    ARM = 70
    SLEEVE = 72
    OUTER_SLEEVE = 74
    CAPE = 76
    BAG = 80
    HAND = 84
    HEAD = 90
    HAIR = 92


@dataclass(frozen=True)
class Material:
    """A cloth: its colours and pattern (see GarmentDesign) and how it takes the light."""

    palette: tuple[RGB, ...]
    fabric: str = "cotton"
    pattern: str = "solid"
    size: float = 0.04
    seed: int = 0


@dataclass(frozen=True)
class Frame:
    """Where the cloth lies: origin in px, angle of its weft in radians, px of one body height."""

    x: float
    y: float
    unit: float
    angle: float = 0.0


@dataclass(frozen=True)
class Folds:
    """Folds of a piece: they run along `angle` (radians, of the frame's u axis).

    `wave` is their distance in body heights, `depth` their height as a share of it, `stretch` how
    much longer than wide they are.
    """

    angle: float = 1.57
    wave: float = 0.05
    depth: float = 0.25
    stretch: float = 5.0


@dataclass(frozen=True)
class Piece:
    """A filled outline (n, 2) in px.

    `bulge` is the roundness (0 flat to 1 a tube), `shadow` the strength of the shadow it throws on
    what lies under it, `print_half` the half width of the printed motif in body heights (0: none).
    """

    outline: Floats
    material: Material
    frame: Frame
    stage: Stage
    folds: Folds = field(default_factory=Folds)
    bulge: float = 1.0
    shadow: float = 0.35
    shade: float = 1.0
    print_half: float = 0.0
    tube: bool = False  # the outline is a tube's: its two sides may cross where it bends sharply

    def radius(self) -> float:
        """Roughly half the width of the piece in px."""
        area, perimeter = area_and_perimeter(self.outline)
        return area / max(perimeter, 1e-6)


@dataclass(frozen=True)
class Stroke:
    """A line (n, 2) in px of some width in px; `closed` fills it instead (buttons, eyes)."""

    points: Floats
    color: RGB
    width: float
    stage: Stage
    opacity: float = 1.0
    closed: bool = False
    dashed: bool = False
    clip: Floats | None = None
    solid: bool = False  # counts as part of the garment also where it lies outside of its pieces


Mark = Piece | Stroke


def extent(marks: list[Mark]) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 in px around all the marks."""
    return bounds(*(m.outline if isinstance(m, Piece) else m.points for m in marks))
