"""Parts that tops, outer layers and dresses share: body panels, sleeves, collars, plackets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import SHOULDER_Y, Arm, Figure
from ootd_samples.geometry import Floats, along, array, ellipse, join, normals, smooth, tube
from ootd_samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

NECK_Y = 0.176  # where a neckline meets the shoulder
Outline = list[tuple[float, float]]

# Half width and depth (body heights) of the neck openings.
_NECKS: dict[str, tuple[float, float]] = {
    "round": (0.045, 0.208),
    "scoop": (0.06, 0.245),
    "v": (0.044, 0.272),
    "boat": (0.076, 0.2),
    "turtle": (0.036, 0.188),
    "collar": (0.04, 0.222),
    "bow": (0.04, 0.2),
    "ruffle": (0.05, 0.225),
    "stand": (0.04, 0.2),
    "biker": (0.046, 0.25),
    "lapel": (0.042, 0.34),
}


@dataclass(frozen=True)
class Cut:
    """The shape of a body panel: ease over the body and the height of its hem, in body heights."""

    hem: float
    ease: float
    hem_ease: float
    neck: str = "round"
    sleeveless: bool = False
    waist: float = 0.0  # how much of the waist's inward curve is followed, 0 to 1
    hem_curve: float = 0.006
    strap: float = 0.0  # half width of a shoulder strap; 0 for a full shoulder


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


def neck_line(cut: Cut) -> Outline:
    """The right half of the front neck opening, from the middle to the shoulder."""
    width, depth = _NECKS[cut.neck]
    if cut.neck in ("v", "lapel", "collar", "biker"):
        return [(0.0, depth), (width * 0.55, (depth + NECK_Y) / 2 + 0.006), (width, NECK_Y)]
    low = depth - 0.12 * (depth - NECK_Y)
    return [
        (0.0, depth),
        (width * 0.5, low),
        (width * 0.88, NECK_Y + 0.4 * (depth - NECK_Y)),
        (width, NECK_Y),
    ]


def side_line(fig: Figure, cut: Cut) -> Outline:
    """The right edge of the panel from the shoulder down to the hem."""
    s, w = fig.build.shoulders, fig.wide
    half = fig.half
    loose = max(half(0.28), half(0.45)) + cut.ease

    def edge(y: float) -> float:
        body = half(y) + cut.ease
        return (body * cut.waist + loose * (1 - cut.waist)) * w

    if cut.strap:
        neck = _NECKS[cut.neck][0]
        line = [(neck + 2 * cut.strap, NECK_Y + 0.004), (neck + 2 * cut.strap, 0.215)]
        line += [(edge(0.26) * 0.8, 0.25), (edge(0.275), 0.272)]
    elif cut.sleeveless:
        line = [(s * 0.78, SHOULDER_Y - 0.008), (s * 0.74, 0.225), (s * 0.79, 0.255)]
        line += [(edge(0.28), 0.283)]
    else:
        line = [(s * 0.9 + cut.ease * 0.3, SHOULDER_Y - 0.004)]
        line += [((s * 0.95 + edge(0.28)) / 2, 0.235), (edge(0.28), 0.285)]
    for y in (0.33, 0.395, 0.45):
        if y < cut.hem - 0.03:
            line.append((edge(y), y))
    last = (half(min(cut.hem, 0.52)) + cut.hem_ease) * w
    line.append((last, cut.hem))
    return line


def panel(fig: Figure, cut: Cut) -> Floats:
    """The whole front as an outline in px."""
    neck = smooth(neck_line(cut)) if cut.neck not in ("v", "lapel") else neck_line(cut)
    side = smooth(side_line(fig, cut))
    hem = smooth([side[-1], (0.0, cut.hem + cut.hem_curve), side[-1] * (-1, 1)])
    mirrored = join(neck, side)[::-1] * (-1, 1)
    return fig.at(join(neck, side, hem, mirrored))


def front(
    fig: Figure,
    design: GarmentDesign,
    cut: Cut,
    stage: Stage,
    *,
    folds: Folds | None = None,
    cloth: Material | None = None,
) -> list[Mark]:
    """The front panel and, where it lies flat, the inside of its back seen through the neck."""
    cloth = cloth or material(design)
    marks: list[Mark] = []
    if fig.flat and not cut.strap:
        width, _ = _NECKS[cut.neck]
        opening = smooth(neck_line(cut))
        back = smooth([(width, NECK_Y), (0.0, NECK_Y + 0.013), (-width, NECK_Y)])
        outline = fig.at(join(opening, back, opening[::-1] * (-1, 1)))
        inside = Piece(
            outline, cloth, fig.frame(0, 0.25), Stage.BEHIND, bulge=0.2, shade=0.62, shadow=0.3
        )
        marks.append(inside)
    folds = folds or Folds(angle=1.2, wave=0.06, depth=0.22, stretch=3)
    marks.append(
        Piece(
            panel(fig, cut),
            cloth,
            fig.frame(0, 0.275),
            stage,
            folds,
            bulge=0.5 if fig.flat else 0.8,
            print_half=0.062,
        )
    )
    return marks


def neck_band(fig: Figure, cut: Cut, rgb: RGB, stage: Stage, width: float = 0.009) -> Stroke:
    """The binding along the neckline."""
    line = neck_line(cut)
    right = smooth(line) if cut.neck not in ("v", "lapel") else array(line)
    whole = fig.at(join(right[::-1] * (-1, 1), right))
    return Stroke(whole, rgb, fig.px(width), stage, 0.9, solid=True)


def sleeve_line(fig: Figure, arm: Arm) -> Floats:
    """The middle line of a sleeve: it starts a little above the shoulder joint."""
    line = arm.line()
    down = line[1] - line[0]
    down = down / max(float(np.hypot(*down)), 1e-6)
    inward = np.array([-arm.side, 0.0]) * 0.35 + down * 0.65
    start = line[0] - down * fig.px(0.016) - inward * fig.px(0.003)
    return np.concatenate([start[None], line])


_UNDER = {Stage.SLEEVE: Stage.TUCKED, Stage.OUTER_SLEEVE: Stage.TUCKED}


def sleeve(
    fig: Figure,
    side: int,
    cloth: Material,
    *,
    reach: float,
    ease: float,
    stage: Stage,
    wrist_ease: float | None = None,
    shadow: float = 0.24,
) -> tuple[Piece, Floats]:
    """One sleeve and its middle line; `reach` is the share of the arm that it covers."""
    arm = fig.arm(side)
    line = along(sleeve_line(fig, arm), 0.0, reach)
    k = fig.build.limbs
    w = 1.22 if fig.flat else 1.0
    end_ease = ease * 0.8 if wrist_ease is None else wrist_ease
    stations = np.array([0.0, 0.035, 0.09, 0.2, 0.35, 0.5, 0.75, 1.0]) * reach
    stations[1:4] = (0.03, 0.075, min(0.17, reach * 0.5))
    stations = np.sort(stations)
    body = np.interp(stations, (0, 0.03, 0.1, 0.5, 1), (0.019, 0.0255, 0.027, 0.022, 0.014)) * k
    grown = (0.1 * ease, ease * 0.35, ease * 0.62, ease * 0.8, ease * 0.9, end_ease)
    extra = np.interp(stations, (0, 0.03, 0.1, 0.25, 0.6 * reach + 0.1, reach), grown)
    halves = tuple((body + extra) * w)
    line = along(line, 0.0, 1.0, per=16)
    where = np.linspace(0, reach, len(line))
    halves = tuple(np.interp(where, stations, halves))
    # The outer edge runs on from the shoulder: a sleeve widens towards the body.
    wide = np.array(halves)
    inward = np.maximum(wide - 0.026 * w, 0)
    if not fig.flat:
        inward = 0.55 * np.maximum(wide - 0.028 * k, 0) * np.clip(1.3 - 1.3 * where, 0, 1)
    line = line - normals(line) * (side * fig.unit * inward)[:, None]
    outline = fig.limb(line, halves)
    if arm.pose == "behind":
        back = {Stage.SLEEVE: Stage.BACK_SLEEVE, Stage.OUTER_SLEEVE: Stage.BACK_OUTER_SLEEVE}
        stage = back.get(stage, stage)
    # Creases gather across the sleeve where it bends.
    folds = Folds(angle=0.35 * side, wave=0.035, depth=0.3, stretch=2.6)
    frame = fig.frame_between(line[0], line[-1])
    if fig.flat:  # the body's seam lies over the sleeve's top
        stage, shadow = _UNDER.get(stage, stage), 0.3
    bulge = 0.4 if fig.flat else 0.85
    piece = Piece(outline, cloth, frame, stage, folds, shadow=shadow, bulge=bulge, tube=True)
    return piece, line


def cuff(
    fig: Figure,
    line: Floats,
    half: float,
    cloth: Material,
    stage: Stage,
    *,
    length: float = 0.02,
) -> Piece:
    """A band around the end of a sleeve or leg; `half` and `length` in body heights."""
    direction = line[-1] - line[-2]
    direction = direction / max(float(np.hypot(*direction)), 1e-6)
    ends = np.stack([line[-1] - direction * fig.px(length), line[-1] + direction * fig.px(0.003)])
    w = 1.22 if fig.flat else 1.0
    outline = tube(ends, [fig.px(half * w)] * 2)
    frame = fig.frame_between(ends[0], ends[1])
    return Piece(outline, cloth, frame, stage, Folds(depth=0.1), shadow=0.15)


def collar(fig: Figure, rgb: Material, stage: Stage, *, spread: float = 0.0) -> list[Mark]:
    """A shirt collar: two points over a stand."""
    marks: list[Mark] = []
    for s in (-1, 1):
        tip = (s * (0.036 + spread), 0.228)
        leaf = [(s * 0.003, 0.213), (s * 0.03, 0.165), (s * 0.044, 0.172), (s * 0.05, 0.188), tip]
        marks.append(
            Piece(
                fig.at(leaf),
                rgb,
                fig.frame(0, 0.2),
                stage,
                Folds(depth=0.05),
                bulge=0.4,
                shadow=0.4,
            )
        )
    return marks


def buttons(
    fig: Figure, places: list[tuple[float, float]], rgb: RGB, stage: Stage, size: float = 0.0042
) -> list[Mark]:
    """Round buttons at places on the body."""
    marks: list[Mark] = []
    for place in places:
        at = fig.at([place])
        rim = ellipse(at + fig.px(0.0008), fig.px(size * 1.2), fig.px(size * 1.2), n=14)
        marks.append(Stroke(rim, scale(rgb, 0.4), 0, stage, 0.6, closed=True))
        disc = ellipse(at, fig.px(size), fig.px(size), n=14)
        marks.append(Stroke(disc, rgb, 0, stage, 1.0, closed=True))
    return marks


def placket(
    fig: Figure, design: GarmentDesign, span: tuple[float, float], stage: Stage, count: int = 6
) -> list[Mark]:
    """The front strip with its buttons; `span` is where it begins and ends (y)."""
    top, bottom = span
    ink = seam_color(design.palette[0])
    marks: list[Mark] = []
    for x in (-0.011, 0.011):
        line = smooth(fig.at([(x, top), (x, (top + bottom) / 2), (x, bottom)]))
        marks.append(Stroke(line, ink, fig.px(0.0022), stage, 0.65))
    pearl = mix(design.trim, (235, 230, 220), 0.5)
    if sum(design.palette[0]) > 520:
        pearl = mix(pearl, (120, 110, 100), 0.55)
    ys = np.linspace(top + 0.015, bottom - 0.02, count)
    return marks + buttons(fig, [(0.0, float(y)) for y in ys], pearl, stage)


def seam(
    fig: Figure,
    points: Outline,
    rgb: RGB,
    stage: Stage,
    *,
    width: float = 0.002,
    opacity: float = 0.6,
    dashed: bool = False,
) -> Stroke:
    """A sewn line through places on the body."""
    return Stroke(smooth(fig.at(points)), rgb, fig.px(width), stage, opacity, dashed=dashed)


def patch(
    fig: Figure, points: Outline, cloth: Material, stage: Stage, *, shadow: float = 0.25
) -> Piece:
    """A pocket, flap or band: a polygon on the body."""
    return Piece(
        fig.at(points),
        cloth,
        fig.frame(0, 0.275),
        stage,
        Folds(depth=0.05),
        bulge=0.25,
        shadow=shadow,
    )


def sleeves(
    fig: Figure,
    design: GarmentDesign,
    *,
    length: str,
    ease: float,
    stage: Stage,
    band: Material | None = None,
    wrist_ease: float | None = None,
    rolled: bool = False,
    cloth: Material | None = None,
) -> list[Mark]:
    """Both sleeves with their hems or cuffs; none for `sleeveless`."""
    if length == "sleeveless":
        return []
    marks: list[Mark] = []
    cloth = cloth or material(design)
    reach = {"short": 0.36, "long": 0.66 if rolled else 0.985}[length]
    for side in (-1, 1):
        piece, line = sleeve(
            fig, side, cloth, reach=reach, ease=ease, stage=stage, wrist_ease=wrist_ease
        )
        marks.append(piece)
        end_ease = ease * 0.8 if wrist_ease is None else wrist_ease
        body = float(np.interp(reach, (0, 0.12, 0.5, 1), (0.028, 0.03, 0.023, 0.014)))
        half = body * fig.build.limbs + end_ease
        if band is not None or rolled:
            trim = band or cloth
            tight = half * (1.06 if rolled or length == "short" else 0.96)
            marks.append(
                cuff(fig, line, tight, trim, piece.stage, length=0.026 if rolled else 0.02)
            )
        else:
            marks.append(_hem(fig, line, half, design.palette[0], piece))
    return marks


def _hem(fig: Figure, line: Floats, half: float, rgb: RGB, sleeve: Piece) -> Stroke:
    d = (line[-1] - line[-2]) / max(float(np.hypot(*(line[-1] - line[-2]))), 1e-6)
    middle = line[-1] - d * fig.px(0.009)
    across = np.array([-d[1], d[0]]) * fig.px(half * 1.4)
    ends = np.stack([middle - across, middle + across])
    ink = seam_color(rgb)
    return Stroke(ends, ink, fig.px(0.002), sleeve.stage, 0.5, clip=sleeve.outline)
