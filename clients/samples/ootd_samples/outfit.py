"""Outfit photos: a person in a place, wearing a top and a bottom or a dress, and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ootd_samples import background, camera, head, person
from ootd_samples.canvas import Canvas
from ootd_samples.colors import RGB
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Build, Figure, Pose
from ootd_samples.garments import bag_worn, bottom, dress, outer, shoes, top
from ootd_samples.geometry import ellipse
from ootd_samples.labels import SUB_CATEGORIES
from ootd_samples.pieces import Mark, Piece, Stage
from ootd_samples.sample import Sample, check_seed, check_size, labels
from ootd_samples.shading import Grid, Light, box_blur, resize

_ORDER = ("shoes", "bottom", "top", "dress", "outer", "bag")
_DRAWERS = {"bottom": bottom.draw, "dress": dress.draw, "outer": outer.draw}
_TIGHTS: tuple[RGB, ...] = ((26, 25, 28), (58, 56, 60), (92, 62, 48))


@dataclass(frozen=True)
class _Dressing:
    """What is worn, by super-category, and how: the bag's way and side, whether a top is tucked."""

    worn: dict[str, GarmentDesign]
    way: str
    side: int
    tucked: bool


def draw_outfit(
    seed: int, *, size: tuple[int, int] = (427, 640), designs: Sequence[GarmentDesign] | None = None
) -> Sample:
    """A photo of a person in an outfit, `size` (width, height) px.

    The person wears `designs` (at most one of each super-category, a dress without top and bottom);
    the seed chooses what is missing of a top and bottom, a dress and shoes, or the whole outfit.
    Pose, body, place and light come from the seed. Raises ValueError for a negative seed, a size
    outside 64 to 4096 px or an impossible outfit.
    """
    width, height = check_size(size)
    rng = np.random.default_rng([check_seed(seed), 0x00FD])
    feminine = float(np.clip(rng.beta(0.7, 0.5), 0, 1))
    chosen = choose_designs(rng)
    worn = chosen if designs is None else _completed(_checked(designs), chosen, rng)
    by_super = {design.super_category: design for design in worn}
    way, side, arms = _carrying(rng, by_super)
    dressing = _Dressing(by_super, way, side, _is_tucked(by_super, rng))
    fig = _posed(rng, feminine, arms, width, height)
    light = Light.random(rng)
    ground = float(rng.uniform(0.5, 0.78))
    scene = background.draw(width, height, ground, rng)
    _ground_shadow(scene, fig, light)
    canvas = Canvas(scene, light, rng)
    looks = person.Looks.random(rng, feminine)
    painted = _marks(fig, looks, dressing, rng)
    owners = {design.item: index + 1 for index, design in enumerate(worn)}
    for mark, item in sorted(painted, key=lambda pair: pair[0].stage):
        canvas.paint(mark, owners.get(item, 0))
    image = camera.develop(canvas.rgb, rng)
    return Sample(image, labels(canvas, worn), seed)


def choose_designs(rng: np.random.Generator) -> list[GarmentDesign]:
    """An outfit: top and bottom or a dress, shoes, often an outer layer and a bag."""
    supers = ["shoes"]
    supers += ["dress"] if rng.random() < 0.3 else ["bottom", "top"]
    supers += ["outer"] if rng.random() < 0.45 else []
    supers += ["bag"] if rng.random() < 0.72 else []
    chosen: list[GarmentDesign] = []
    for name in sorted(supers, key=_ORDER.index):
        sub = str(rng.choice(SUB_CATEGORIES[name]))
        chosen.append(GarmentDesign.random(int(rng.integers(1_000_000)), sub))
    return chosen


def _checked(designs: Sequence[GarmentDesign]) -> list[GarmentDesign]:
    supers = [design.super_category for design in designs]
    for name in supers:
        if supers.count(name) > 1:
            raise ValueError(f"a person wears one garment of each super-category, got two: {name}")
    if "dress" in supers and {"top", "bottom"} & set(supers):
        raise ValueError("a dress or romper is worn without a top and a bottom")
    return sorted(designs, key=lambda design: _ORDER.index(design.super_category))


def _completed(
    given: list[GarmentDesign], chosen: list[GarmentDesign], rng: np.random.Generator
) -> list[GarmentDesign]:
    """The given designs with the basic garments that nobody goes out without."""
    found = {design.super_category: design for design in given}
    spare = {design.super_category: design for design in chosen}
    needed = ["shoes"]
    if "dress" not in found:
        needed += ["bottom", "top"]
    for name in needed:
        if name not in found:
            sub = str(rng.choice(SUB_CATEGORIES[name]))
            other = GarmentDesign.random(int(rng.integers(1_000_000)), sub)
            found[name] = spare.get(name, other)
    return sorted(found.values(), key=lambda design: _ORDER.index(design.super_category))


def _carrying(
    rng: np.random.Generator, worn: dict[str, GarmentDesign]
) -> tuple[str, int, tuple[str, str] | None]:
    """How the bag is carried, on which side, and the arms' poses that this asks for."""
    side = int(rng.choice([-1, 1]))
    free = str(rng.choice(["hang", "hip", "pocket", "hang", "behind"]))
    cape = "outer" in worn and worn["outer"].sub_category == "cape"
    if "bag" not in worn:
        return "", side, ("hang", "hang") if cape else None
    sub = worn["bag"].sub_category
    ways = {
        "handbag": ["hand", "elbow"],
        "purse": ["cross", "shoulder", "hand"],
        "wallet": ["hand"],
        "clutch": ["hand"],
        "backpack": ["back"],
    }[sub]
    way = str(rng.choice(ways))
    if cape and way in ("cross", "shoulder", "elbow"):
        way = "hand"
    own = {"hand": "hang", "elbow": "elbow"}.get(way, "hang")
    if sub in ("wallet", "clutch") and rng.random() < 0.5 and not cape:
        own = "fore"
    if way in ("shoulder", "back") and rng.random() < 0.3 and not cape:
        own = "strap"
    if cape:
        free = "hang"
    return way, side, (own, free) if side < 0 else (free, own)


def _posed(
    rng: np.random.Generator, feminine: float, arms: tuple[str, str] | None, width: int, height: int
) -> Figure:
    """The figure in the photo: nearly always whole, now and then cut off below."""
    share = float(rng.uniform(0.78, 0.93))
    if rng.random() < 0.08:
        share *= float(rng.uniform(1.15, 1.4))
    # A wide photo leaves room at the sides; a narrow one must still hold the shoulders.
    unit = min(height * share, width * 2.1)
    x = width * float(rng.uniform(0.4, 0.6))
    room = height - unit * 1.02
    share, low, high = (room, 0.3, 0.75) if room > 0 else (height, 0.02, 0.06)
    y = share * float(rng.uniform(low, high))
    build, pose = Build.random(rng, feminine), Pose.random(rng, arms)
    return Figure(build, pose, x, y, unit, turn=float(rng.normal(0, 0.012)))


def _marks(
    fig: Figure, looks: person.Looks, dressing: _Dressing, rng: np.random.Generator
) -> list[tuple[Mark, str]]:
    """Everything to paint, with the item that it belongs to ("" for the person)."""
    worn, skin = dressing.worn, looks.skin
    bare_legs = "dress" in worn or (
        "bottom" in worn and worn["bottom"].sub_category in ("skirt", "shorts")
    )
    if bare_legs and rng.random() < 0.25 * fig.build.feminine + 0.02:
        skin = _TIGHTS[int(rng.integers(len(_TIGHTS)))]
    body = person.torso(fig, looks, legs=skin)
    for one in (-1, 1):
        body += person.arm(fig, looks, one)
    body += head.draw(fig, looks)
    found = [(mark, "") for mark in body]
    for design in worn.values():
        for mark in _garment(fig, design, dressing, skin):
            bare = isinstance(mark, Piece) and mark.material.fabric == "skin"
            found.append((mark, "" if bare else design.item))
    return found


def _is_tucked(worn: dict[str, GarmentDesign], rng: np.random.Generator) -> bool:
    if "top" not in worn or "bottom" not in worn:
        return False
    chance = {"shirt": 0.5, "blouse": 0.55, "t-shirt": 0.3, "tank-top": 0.4}
    likely = chance.get(worn["top"].sub_category, 0.08)
    if worn["bottom"].sub_category in ("leggings", "joggers"):
        likely *= 0.2
    return bool(rng.random() < likely)


def _garment(fig: Figure, design: GarmentDesign, dressing: _Dressing, skin: RGB) -> list[Mark]:
    name, worn = design.super_category, dressing.worn
    if name == "top":
        return top.draw(fig, design, tucked=dressing.tucked)
    if name in _DRAWERS:
        return _DRAWERS[name](fig, design)
    if name == "bag":
        return bag_worn.draw_worn(fig, design, dressing.side, dressing.way)
    over = "bottom" not in worn or bottom.is_slim(worn["bottom"])
    stage = Stage.BOOTS if design.sub_category == "boots" and over else Stage.SHOES
    return shoes.draw_worn(fig, design, skin, stage)


def _ground_shadow(scene: Grid, fig: Figure, light: Light) -> None:
    """Soft shadow around the feet, and a longer one away from a hard light."""
    height, width = scene.shape[:2]
    image = Image.new("L", (max(1, width // 4), max(1, height // 4)))
    draw = ImageDraw.Draw(image)
    for one in (-1, 1):
        leg = fig.leg(one)
        x, y = float(leg.ankle[0]), float(leg.ankle[1]) + fig.px(0.05)
        spot = ellipse([(x, y)], fig.px(0.085), fig.px(0.018)) / 4
        draw.polygon([(float(a), float(b)) for a, b in spot], fill=150)
        reach = fig.px(0.45) * light.hardness
        away = -np.sign(light.x or 1.0)
        middle = (x + away * reach * 0.5, y - fig.px(0.015))
        cast = ellipse([middle], reach * 0.6, fig.px(0.02), angle=-0.06 * away)
        alpha = int(95 * max(0.0, light.hardness - 0.55) / 0.45)
        draw.polygon([(float(a), float(b)) for a, b in cast / 4], fill=max(alpha, 1))
    dark = np.asarray(image, dtype=np.float32) / 255
    soft = box_blur(dark, max(1, round(fig.px(0.012) / 4)))
    scene *= (1 - 0.75 * resize(soft, width, height))[..., None]
