"""Tops: t-shirt, shirt, blouse, sweater, sweatshirt, tank-top."""

from __future__ import annotations

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.sewing import SIDES, Sewing, material, plain
from ootd_samples.garments.sleeves import sleeves
from ootd_samples.garments.torso import Cut, collar, front, neck_band, neck_line, placket
from ootd_samples.geometry import Floats, array, join, smooth
from ootd_samples.pieces import Folds, Mark, Material, Stage

# fmt: off
_POCKET = array([(-0.018, 0.0), (0.018, 0.0), (0.018, 0.036), (0.0, 0.043), (-0.018, 0.036)])
_COLLAR_STAND = [(-0.042, 0.165), (0.0, 0.158), (0.042, 0.165), (0.03, 0.2), (0.0, 0.212),
                 (-0.03, 0.2)]
_BOW_TAIL = array([(0, 0.208), (0.012, 0.215), (0.03, 0.31), (0.014, 0.318), (0.004, 0.225)])
_BOW_LOOP = array([(0, 0.205), (0.02, 0.192), (0.043, 0.196), (0.044, 0.216), (0.02, 0.218)])
_BOW_KNOT = [(-0.009, 0.198), (0.009, 0.198), (0.01, 0.216), (-0.01, 0.216)]
_TURTLE_NECK = [(-0.038, 0.196), (-0.035, 0.15), (0.0, 0.146), (0.035, 0.15), (0.038, 0.196),
                (0.0, 0.206)]
_HOOD_POCKET_MOUTH = array([(0.042, 0.395), (0.057, 0.418), (0.068, 0.445)])
_HOOD = [(-0.07, 0.2), (-0.064, 0.15), (-0.03, 0.118), (0.03, 0.118), (0.064, 0.15), (0.07, 0.2)]
_FLAT_HOOD = [(-0.066, 0.2), (-0.072, 0.13), (-0.04, 0.062), (0.0, 0.05), (0.04, 0.062),
              (0.072, 0.13), (0.066, 0.2)]
_HOOD_HOLE = [(-0.042, 0.175), (-0.045, 0.125), (-0.02, 0.082), (0.02, 0.082), (0.045, 0.125),
              (0.042, 0.175), (0, 0.215)]
_HOOD_LIP = array([(0.002, 0.232), (0.03, 0.2), (0.04, 0.165), (0.058, 0.16), (0.07, 0.188),
                   (0.045, 0.222)])
_HOOD_CORD = array([(0.013, 0.222), (0.016, 0.26), (0.014, 0.3)])
# fmt: on


def draw(fig: Figure, design: GarmentDesign, *, tucked: bool = False) -> list[Mark]:
    """The marks of a top; `tucked` puts its body under the bottom's waist."""
    sew = Sewing(fig, design, Stage.TUCKED if tucked else Stage.TOP)
    maker = {
        "t-shirt": _t_shirt,
        "shirt": _shirt,
        "blouse": _blouse,
        "sweater": _sweater,
        "sweatshirt": _sweatshirt,
        "tank-top": _tank_top,
    }[design.sub_category]
    maker(sew)
    return sew.marks


def _hem_half(sew: Sewing, cut: Cut) -> float:
    return (sew.fig.half(min(cut.hem, 0.52)) + cut.hem_ease) * sew.fig.wide


def _hem_seam(sew: Sewing, cut: Cut, opacity: float) -> None:
    half, y = _hem_half(sew, cut) * 0.985, cut.hem - 0.012
    sew.seam([(-half, y), (0.0, y + cut.hem_curve), (half, y)], opacity=opacity)


def _pocket(x: float, y: float) -> Floats:
    return array([(x, y)]) + _POCKET


def _t_shirt(sew: Sewing) -> None:
    design = sew.design
    ease = 0.006 + 0.02 * design.fit
    hem = 0.485 + 0.05 * design.length
    cut = Cut(hem, ease, ease + 0.002, design.neckline, waist=0.75 - 0.55 * design.fit)
    front(sew, cut)
    ringer = design.has("ringer")
    neck_band(sew, cut, design.trim if ringer else scale(sew.base, 0.92))
    _hem_seam(sew, cut, 0.4)
    if design.has("chest-pocket") and design.pattern == "solid":
        sew.patch(_pocket(0.045, 0.255), shadow=0.15)
        sew.seam([(0.027, 0.259), (0.063, 0.259)])
    sleeves(sew, ease=0.01 + 0.012 * design.fit, band=plain(design.trim) if ringer else None)


def _shirt(sew: Sewing) -> None:
    fig, design = sew.fig, sew.design
    ease = 0.008 + 0.02 * design.fit
    hem = 0.515 + 0.035 * design.length
    cut = Cut(hem, ease, ease - 0.004, "collar", waist=0.6 - 0.4 * design.fit, hem_curve=0.022)
    front(sew, cut)
    placket(sew, 0.224, hem + 0.015, 7)
    for s in SIDES:  # the yoke
        shoulder = (s * fig.build.shoulders * 0.9, 0.222)
        sew.seam([(s * 0.05, 0.2), (s * 0.08, 0.212), shoulder], opacity=0.4)
    if design.has("chest-pocket"):
        for x in (0.048, -0.048) if design.fabric == "denim" else (0.048,):
            sew.patch(_pocket(x, 0.27), shadow=0.2)
    if fig.flat:
        sew.piece(_COLLAR_STAND, at=(0, 0.2), folds=Folds(depth=0.05), shade=0.75)
    collar(sew)
    _hem_seam(sew, cut, 0.35)
    band = sew.cloth if design.sleeve_length == "long" else None
    rolled = design.has("rolled")
    sleeves(sew, ease=0.01 + 0.01 * design.fit, wrist_ease=0.01, band=band, rolled=rolled)


def _blouse(sew: Sewing) -> None:
    design = sew.design
    ease = 0.012 + 0.022 * design.fit
    hem = 0.475 + 0.05 * design.length
    bare = design.sleeve_length == "sleeveless"
    cut = Cut(hem, ease, ease + 0.02 * design.flare, design.neckline, bare, waist=0.35)
    front(sew, cut, folds=Folds(angle=1.45, wave=0.03, depth=0.32, stretch=7))
    if design.neckline == "bow":
        _bow(sew)
    elif design.neckline == "ruffle":
        _ruffles(sew)
    else:
        neck_band(sew, cut, scale(sew.base, 0.88), 0.006)
    wrist_ease = 0.014
    if design.has("placket"):
        wrist_ease = 0.022 + 0.012 * design.flare
        placket(sew, 0.29, hem - 0.005, 4)
    sleeves(sew, ease=0.018 + 0.014 * design.fit, wrist_ease=wrist_ease, band=sew.cloth)


def _bow(sew: Sewing) -> None:
    stage, at = sew.over, (0, 0.2)
    for s in SIDES:
        sew.piece(_BOW_TAIL * (s, 1), stage=stage, folds=Folds(depth=0.05), bulge=0.25, shadow=0.4)
        folds = Folds(angle=0.2, wave=0.012, depth=0.3)
        sew.piece(_BOW_LOOP * (s, 1), at=at, stage=stage, folds=folds, curved=True, shadow=0.45)
    sew.piece(_BOW_KNOT, at=at, stage=stage, curved=True, shadow=0.4, shade=0.92)


def _ruffles(sew: Sewing) -> None:
    folds = Folds(angle=1.57, wave=0.014, depth=0.5, stretch=8)
    for row, (top, wide) in enumerate(((0.215, 0.05), (0.25, 0.042), (0.285, 0.034))):
        edge = []
        for i in range(9):
            x = wide * (i / 4 - 1)
            edge.append((x, top + 0.034 - 0.3 * x * x / wide + (0.006 if i % 2 else -0.004)))
        upper = [(wide * 0.8, top - 0.012 + 0.004 * row), (0.0, top), (-wide * 0.8, top - 0.012)]
        outline = join(smooth(edge), smooth(upper))
        sew.piece(outline, at=(0, top), stage=sew.over, folds=folds, bulge=0.4, shadow=0.5)


def _sweater(sew: Sewing) -> None:
    design = sew.design
    ease = 0.014 + 0.026 * design.fit
    hem = 0.49 + 0.05 * design.length
    cut = Cut(hem, ease, ease - 0.004, design.neckline, waist=0.25)
    cloth = material(design, "cable" if design.has("cable") else "knit")
    rib = plain(sew.base, "rib")
    front(sew, cut, folds=Folds(angle=0.9, wave=0.075, depth=0.25, stretch=2.5), cloth=cloth)
    _rib_hem(sew, cut, rib, 0.028)
    if design.neckline == "turtle":
        folds = Folds(depth=0.1)
        sew.piece(_TURTLE_NECK, rib, at=(0, 0.18), stage=sew.over, folds=folds, curved=True)
        sew.seam([(-0.037, 0.172), (0, 0.178), (0.037, 0.172)], stage=sew.over)
    else:
        neck_band(sew, cut, scale(sew.base, 0.85), 0.013)
    sleeves(sew, ease=0.016 + 0.016 * design.fit, wrist_ease=0.012, band=rib, cloth=cloth)


def _rib_hem(sew: Sewing, cut: Cut, rib: Material, height: float) -> None:
    half, curve = _hem_half(sew, cut), cut.hem_curve
    low, high = half * 0.985, half * 1.005
    y = cut.hem - height
    outline = join(
        smooth([(low, cut.hem), (0.0, cut.hem + curve), (-low, cut.hem)]),
        smooth([(-high, y), (0.0, y + curve), (high, y)]),
    )
    sew.piece(outline, rib, at=(0, cut.hem), folds=Folds(depth=0.1), shadow=0)


def _sweatshirt(sew: Sewing) -> None:
    design = sew.design
    ease = 0.018 + 0.024 * design.fit
    hem = 0.5 + 0.04 * design.length
    cut = Cut(hem, ease, ease - 0.008, "round", waist=0.2)
    rib = plain(scale(sew.base, 0.94), "rib")
    front(sew, cut, folds=Folds(angle=0.8, wave=0.08, depth=0.3, stretch=2.2))
    _rib_hem(sew, cut, rib, 0.03)
    if design.has("hood"):
        _hood(sew, hem)
    else:
        neck_band(sew, cut, scale(sew.base, 0.86), 0.014)
        sew.seam([(-0.016, 0.216), (0.0, 0.238), (0.016, 0.216)])
    if design.has("zip"):
        metal = mix(design.trim, (190, 190, 195), 0.7)
        sew.seam([(0, 0.21), (0, hem)], width=0.007, opacity=0.7)
        sew.seam([(0, 0.21), (0, hem)], metal, width=0.003, opacity=0.95)
    sleeves(sew, length="long", ease=0.02 + 0.014 * design.fit, wrist_ease=0.012, band=rib)


def _hood(sew: Sewing, hem: float) -> None:
    """The hood, and the pocket that goes with it."""
    cloth, flat = plain(sew.base, "fleece"), sew.fig.flat
    pocket = [(-0.042, 0.395), (0.042, 0.395), (0.068, 0.445), (0.068, hem - 0.03)]
    sew.patch([*pocket, (-0.068, hem - 0.03), (-0.068, 0.445)], cloth, shadow=0.3)
    for s in SIDES:
        sew.seam(_HOOD_POCKET_MOUTH * (s, 1), width=0.003, opacity=0.8)
    at, back = (0, 0.18), _FLAT_HOOD if flat else _HOOD
    sew.piece(back, cloth, at=at, stage=Stage.BEHIND, curved=True, shade=0.9)
    if flat:
        sew.piece(_HOOD_HOLE, cloth, at=at, curved=True, shade=0.5, shadow=0)
    tone = mix(sew.design.trim, (235, 235, 230), 0.6)
    for s in SIDES:
        lip, folds = _HOOD_LIP * (s, 1), Folds(wave=0.03)
        sew.piece(lip, cloth, at=at, stage=sew.over, folds=folds, curved=True, shadow=0.4)
        sew.seam(_HOOD_CORD * (s, 1), tone, width=0.0045, opacity=0.95, stage=sew.over)


def _tank_top(sew: Sewing) -> None:
    design = sew.design
    ease = 0.004 + 0.016 * design.fit
    hem = 0.48 + 0.05 * design.length
    strap = 0.006 if design.has("spaghetti") else 0.014
    neck = "scoop" if design.neckline == "scoop" else "v"
    cut = Cut(hem, ease, ease + 0.012 * design.flare, neck, True, waist=0.6, strap=strap)
    if sew.fig.flat:
        back = Cut(hem - 0.01, ease - 0.002, ease, "round", True, waist=0.6, strap=strap)
        low = smooth([(0.0, 0.235), *[(x * 1.3, y) for x, y in neck_line(back)[1:]]])
        side = [(0.06 + 2 * strap, 0.18), (0.075, 0.24), (0.1, 0.275)]
        shape = join(low, side, [(0.1, 0.3), (-0.1, 0.3)], low[::-1] * (-1, 1))
        sew.piece(shape, at=(0, 0.25), stage=Stage.BEHIND, shade=0.66, bulge=0.2)
    outline = front(sew, cut).outline
    edge = scale(sew.base, 0.86)
    neck_band(sew, cut, edge, 0.005)
    sew.line(outline, edge, 0.004, 0.7, clip=outline)
