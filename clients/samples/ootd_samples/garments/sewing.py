"""A garment while it is sewn: its figure, its design and its marks so far, in painting order.

Places are body coordinates and lengths body heights, unless they are called px.
"""

from __future__ import annotations

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.geometry import Floats, Points, ellipse, smooth
from ootd_samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

SIDES = (-1, 1)  # the photo's left and right
GOLD_THREAD: RGB = (196, 142, 72)


def material(design: GarmentDesign, fabric: str | None = None) -> Material:
    """The design's own cloth."""
    return Material(
        design.palette, fabric or design.fabric, design.pattern, design.pattern_size, design.seed
    )


def plain(rgb: RGB, fabric: str = "cotton") -> Material:
    """A cloth of one colour."""
    return Material((rgb,), fabric)


def seam_color(rgb: RGB) -> RGB:
    """The colour of a seam on a cloth: darker, or lighter on black cloth."""
    return scale(rgb, 0.62) if sum(rgb) > 150 else mix(rgb, (150, 150, 155), 0.28)


class Sewing:
    """Every method adds marks; without a stage they go to the garment's own."""

    def __init__(self, fig: Figure, design: GarmentDesign, stage: Stage) -> None:
        self.fig, self.design, self.stage = fig, design, stage
        self.base = design.palette[0]
        self.ink = seam_color(self.base)
        self.cloth = material(design)
        self.marks: list[Mark] = []

    @property
    def over(self) -> Stage:
        """The stage of a collar: over what is worn on top, unless that is tucked in."""
        return Stage.COLLAR if self.stage == Stage.TOP else self.stage

    def piece(
        self,
        outline: Points,
        cloth: Material | None = None,
        *,
        at: tuple[float, float] = (0.0, 0.275),
        angle: float = 0.0,
        stage: Stage | None = None,
        folds: Folds | None = None,
        curved: bool = False,
        bulge: float = 1.0,
        shadow: float = 0.35,
        shade: float = 1.0,
        print_half: float = 0.0,
    ) -> Piece:
        """A piece of cloth whose weave starts `at` a place; `curved` smooths its outline."""
        px = self.fig.at(outline)
        piece = Piece(
            smooth(px, closed=True) if curved else px,
            cloth or self.cloth,
            self.fig.frame(*at, angle),
            self.stage if stage is None else stage,
            folds or Folds(),
            bulge=bulge,
            shadow=shadow,
            shade=shade,
            print_half=print_half,
        )
        self.marks.append(piece)
        return piece

    def patch(self, points: Points, cloth: Material | None = None, *, shadow: float = 0.25) -> None:
        """A pocket, flap or band: a polygon on the body."""
        self.piece(points, cloth, folds=Folds(depth=0.05), bulge=0.25, shadow=shadow)

    def line(
        self,
        px: Floats,
        rgb: RGB,
        width: float,
        opacity: float,
        *,
        stage: Stage | None = None,
        dashed: bool = False,
        clip: Floats | None = None,
        solid: bool = False,
    ) -> None:
        """A line through places in px."""
        stage = self.stage if stage is None else stage
        width = self.fig.px(width)
        self.marks.append(
            Stroke(px, rgb, width, stage, opacity, dashed=dashed, clip=clip, solid=solid)
        )

    def seam(
        self,
        points: Points,
        rgb: RGB | None = None,
        *,
        width: float = 0.002,
        opacity: float = 0.6,
        stage: Stage | None = None,
        dashed: bool = False,
    ) -> None:
        """A sewn line through places on the body, in the cloth's own tone or a colour."""
        px = smooth(self.fig.at(points))
        self.line(px, rgb or self.ink, width, opacity, stage=stage, dashed=dashed)

    def blot(self, px: Floats, rgb: RGB, opacity: float) -> None:
        """A filled outline in px."""
        self.marks.append(Stroke(px, rgb, 0, self.stage, opacity, closed=True))

    def buttons(self, places: list[tuple[float, float]], rgb: RGB, size: float = 0.0042) -> None:
        """Round buttons of a radius."""
        px = self.fig.px
        for place in places:
            at, rim = self.fig.at([place]), px(size * 1.2)
            self.blot(ellipse(at + px(0.0008), rim, rim, n=14), scale(rgb, 0.4), 0.6)
            self.blot(ellipse(at, px(size), px(size), n=14), rgb, 1.0)
