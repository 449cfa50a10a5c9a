"""Val garments as the service crops them, and as a searcher may photograph them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ootd_training.data.crop_views import ViewSettings
from ootd_training.data.crops import WHOLE, Tiles, cut, load_tiles
from ootd_training.data.garments import read_garments
from ootd_training.experiments.recoloring import choose_colors, dyed, main_color
from ootd_training.experiments.variants import WORKING_SIDE, masked
from ootd_training.models.embedder.measure import OTHER_BACKGROUND, QUERY_VIEWS, query_crops
from ootd_training.served.crop_model import CROP_SIZE
from ootd_training.taxonomy import Taxonomy

VIEWS: dict[str, ViewSettings] = {
    "other crop and light": QUERY_VIEWS,
    "other background too": OTHER_BACKGROUND,
}
SEED = 5


@dataclass(frozen=True)
class SearchPhotos:
    """A gallery and queries of the same garments, all crops u8[n, 160, 160, 3].

    Row i of every array shows garment i: `served` as the service crops it, `queries` otherwise.
    `dyed` and `dyed_queries` are those of the garments `dyeable` (indices) in another colour.
    `supers`, `colors` and `subs` i64[n] are labels, -1 where unknown.
    """

    served: NDArray[np.uint8]
    queries: dict[str, NDArray[np.uint8]]
    dyeable: NDArray[np.int64]
    dyed: NDArray[np.uint8]
    dyed_queries: NDArray[np.uint8]
    supers: NDArray[np.int64]
    colors: NDArray[np.int64]
    subs: NDArray[np.int64]


def _dyed_tiles(tiles: Tiles, seed: int) -> Tiles:
    """The tiles, all with a mask, with their garments in another colour."""
    pixels = []
    for index in range(len(tiles)):
        rng = np.random.default_rng([seed, index])
        photo = np.asarray(cut(Image.fromarray(tiles.pixels[index]), WHOLE, 2 * WORKING_SIDE))
        mask = np.asarray(cut(Image.fromarray(tiles.masks[index]), WHOLE, 2 * WORKING_SIDE))
        (color,) = choose_colors(main_color(photo, mask), 1, rng)
        pixels.append(dyed(photo, mask, color))
    return dataclasses.replace(tiles, pixels=np.stack(pixels))


def _served(tiles: Tiles) -> NDArray[np.uint8]:
    return np.stack([tiles.served(i, CROP_SIZE) for i in range(len(tiles))])


def search_photos(
    data: Path, taxonomy: Taxonomy, limit: int, cache: Path | None, least_color_share: float = 0.5
) -> SearchPhotos:
    """The garments of val; with `limit`, that many of each source. The same for each call.

    A colour label counts where it is no `multicolor` and names at least `least_color_share` of the
    garment's pixels. ValueError if there is no garment whose mask is known.
    """
    tiles = load_tiles(read_garments(data, "val", taxonomy, limit), cache)
    mixed = taxonomy.group("color").values.index("multicolor")
    named = [
        g.color if g.color != mixed and g.color_weight >= least_color_share else -1
        for g in tiles.garments
    ]
    dyeable = masked(tiles)
    if not len(dyeable):
        raise ValueError(f"no garment of {data} (val) has a mask to dye it under; use more photos")
    changed = _dyed_tiles(tiles.subset(dyeable.tolist()), SEED)
    return SearchPhotos(
        served=_served(tiles),
        queries={name: query_crops(tiles, CROP_SIZE, v, SEED) for name, v in VIEWS.items()},
        dyeable=dyeable,
        dyed=_served(changed),
        dyed_queries=query_crops(changed, CROP_SIZE, OTHER_BACKGROUND, SEED + 1),
        supers=np.array([g.super_index for g in tiles.garments]),
        colors=np.array(named),
        subs=np.array([g.sub for g in tiles.garments]),
    )
