"""Batches for the embedder: two views of each garment, beside garments that are like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ootd_training.data.crop_views import recolored, view
from ootd_training.data.crops import Garment, Tiles
from ootd_training.data.sampling import balanced_weights
from ootd_training.models.embedder.settings import EmbedderSettings
from ootd_training.taxonomy import Taxonomy

COLORFUL = ("red", "pink", "orange", "yellow", "green", "blue", "purple", "multicolor")
"""Colours that a turn of the hue changes into another one."""


@dataclass(frozen=True)
class PairBatch:
    """Two views of n garments.

    `crops` uint8 [2n, 3, s, s]: row i and row i + n show the same garment. `indices` [n] are
    the garments, `true_colors` [n] is False for those in a changed colour, `alike` [n, n] is True
    for garments whose labels and colours agree.
    """

    crops: NDArray[np.uint8]
    indices: NDArray[np.int64]
    true_colors: NDArray[np.bool_]
    alike: NDArray[np.bool_]


class PairSampler:
    """Draws batches of garments; most of a batch is of one super-category.

    A search looks among garments of one super-category, so these are the negatives that count.
    """

    def __init__(self, tiles: Tiles, settings: EmbedderSettings, taxonomy: Taxonomy) -> None:
        self.tiles = tiles
        self.settings = settings
        self.weights = balanced_weights(tiles.garments)
        supers = np.array([g.super_index for g in tiles.garments])
        self.members = [np.flatnonzero(supers == i) for i in range(len(taxonomy.supers))]
        masses = np.array([self.weights[m].sum() for m in self.members])
        self.super_chances = np.sqrt(masses) / np.sqrt(masses).sum()
        values = taxonomy.group("color").values
        self.labels = _look_labels(tiles.garments, values.index("multicolor"))
        colorful = {values.index(name) for name in COLORFUL}
        self.photos = _photos_by_item(tiles.garments)
        self.can_recolor = np.array([g.color in colorful for g in tiles.garments])

    def draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Indices of the garments of one batch, each once."""
        chosen = self.members[rng.choice(len(self.members), p=self.super_chances)]
        wanted = min(len(chosen), round(self.settings.items * self.settings.shared))
        p = self.weights[chosen] / self.weights[chosen].sum()
        shared = rng.choice(chosen, wanted, replace=False, p=p)
        count = min(len(self.tiles), self.settings.items)
        others = rng.choice(len(self.tiles), count, replace=False, p=self.weights)
        rest = [i for i in others if i not in set(shared.tolist())][: count - wanted]
        return np.concatenate([shared, np.array(rest, np.int64)]).astype(np.int64)

    def make(self, size: int, rng: np.random.Generator) -> PairBatch:
        """Draw a batch and cut its views, `size` px wide and high."""
        drawn = self.draw(rng)
        copies = drawn[self.can_recolor[drawn]][: self.settings.recolored]
        indices = np.concatenate([drawn, copies])
        true_colors = np.arange(len(indices)) < len(drawn)
        rows: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
        for index, true in zip(indices, true_colors, strict=True):
            rows.append(self._pair(int(index), bool(true), size, rng))
        crops = np.stack([first for first, _ in rows] + [second for _, second in rows])
        labels = self.labels[indices]
        alike = (labels[:, None] == labels[None]) & true_colors[:, None] & true_colors[None]
        return PairBatch(
            np.ascontiguousarray(crops.transpose(0, 3, 1, 2)), indices, true_colors, alike
        )

    def _pair(
        self, index: int, true: bool, size: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        tiles, views = self.tiles, self.settings.views
        if not true:
            # Both views of the copy share the new colour, so it is a garment of its own.
            tiles = tiles.subset([index])
            changed = np.asarray(recolored(Image.fromarray(tiles.pixels[0]), rng))
            tiles, index = replace(tiles, pixels=changed[None]), 0
        first, _ = view(tiles, index, size, views, rng)
        others = self.photos.get(self.tiles.garments[index].item, []) if true else []
        other = int(rng.choice(others)) if others else index
        second, _ = view(tiles, other, size, views, rng)
        return first, second


def _photos_by_item(garments: Sequence[Garment]) -> dict[str, list[int]]:
    """The garments that show the same item: one may be worn and another lie in a shop photo."""
    photos: dict[str, list[int]] = {}
    for index, garment in enumerate(garments):
        if garment.item:
            photos.setdefault(garment.item, []).append(index)
    return photos


def _look_labels(garments: Sequence[Garment], mixed: int) -> NDArray[np.int64]:
    """A number for each combination of category and colour; garments that share it look alike.

    A garment of unknown or mixed colour (value `mixed`) is like no other.
    """
    keys: dict[tuple[object, ...], int] = {}
    labels = []
    for index, garment in enumerate(garments):
        plain = garment.color not in (-1, mixed) and garment.color_weight >= 0.5
        look = (garment.super_index, garment.candidates, garment.color)
        key: tuple[object, ...] = look if plain else (garment.item or index,)
        labels.append(keys.setdefault(key, len(keys)))
    return np.array(labels)
