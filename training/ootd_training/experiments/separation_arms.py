"""One arm of the colour-separation experiment: an embedder trained with one notion of an item."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ootd_training.experiments.arm_inputs import ArmInput, FeatureVectors, Head, PixelWindows
from ootd_training.experiments.retrieval import best_ranks, top_shares
from ootd_training.experiments.variants import VariantPhotos
from ootd_training.models.embedder.loss import contrastive_loss
from ootd_training.models.embedder.network import Embedder
from ootd_training.network.run import PLACES, Run
from ootd_training.network.run_settings import RunSettings, TrainingSettings
from ootd_training.network.trunk import TrunkSettings
from ootd_training.whole_files import write_whole

BASELINE, SEPARATED = "baseline", "separated"
ARMS = (BASELINE, SEPARATED)


EPOCHS = 15
UNSAVED = frozenset((*PLACES, "limit", "evaluate_every"))
"""Settings that an arm's numbers don't depend on."""


@dataclass(frozen=True)
class ArmSettings(TrainingSettings):
    """Everything that decides one run. The two arms of a seed differ in `arm` alone."""

    run: RunSettings = field(
        default_factory=lambda: RunSettings(
            epochs=EPOCHS, device="cpu", learning_rate=2e-3, warmup=0.05, ema_decay=0.99,
            evaluate_every=EPOCHS,
        )
    )  # fmt: skip
    arm: str = BASELINE
    """One of `ARMS`."""
    shown: str = ""
    """A digest of all photos."""
    steps: int = 100
    """Batches of an epoch."""
    items: int = 48
    """Items of a batch, in two photos each."""
    shared: float = 0.7
    """Share of them (0 to 1) that are of one super-category."""
    frozen_trunk: bool = False
    """Whether two layers are trained on the features of a trained trunk, or a whole network."""
    size: int = 40
    """Side in pixels of the windows of photos that a whole network is shown."""
    temperature: float = 0.1
    """What similarities are divided by."""
    trunk: TrunkSettings = field(
        default_factory=lambda: TrunkSettings(width=0.25, depth=0.34, features=128)
    )
    """Size of a whole network."""

    def recorded(self) -> dict[str, Any]:
        """What decides the arm's numbers, as its JSON file holds it."""
        known = {name: value for name, value in self.saved().items() if name not in UNSAVED}
        result: dict[str, Any] = json.loads(json.dumps(known))
        return result


@dataclass(frozen=True)
class Photos:
    """Photos, and where there is a frozen trunk, its features f32[n, d] of them."""

    photos: VariantPhotos
    features: NDArray[np.float32] | None = None

    def digest(self) -> str:
        """Twelve hexadecimal digits that change with anything that a network is shown."""
        parts = [*dataclasses.asdict(self.photos).values(), self.features]
        found = hashlib.sha256()
        for part in parts:
            found.update(b"" if part is None else part.tobytes())
        return found.hexdigest()[:12]

    def input(self, size: int, device: torch.device) -> ArmInput:
        """The features where there are any, else windows of `size` px."""
        if self.features is None:
            return PixelWindows(self.photos.pixels, size, device)
        return FeatureVectors(self.features, device)


def items_of(photos: VariantPhotos, arm: str) -> NDArray[np.int64]:
    """The item that each photo shows, i64[n], as the arm sees it.

    The baseline takes a garment in all its colours for one item, colour separation takes each of
    its colours for one (iTOO, section 5.2).
    """
    return photos.garments if arm == BASELINE else photos.variants


class ItemSampler:
    """Draws batches of items and two photos of each."""

    def __init__(self, photos: VariantPhotos, settings: ArmSettings) -> None:
        self.settings = settings
        items = items_of(photos, settings.arm)
        order = np.argsort(items, kind="stable")
        starts = np.flatnonzero(np.diff(items[order], prepend=-1))
        self.rows = np.split(order, starts[1:])
        supers = photos.supers[[rows[0] for rows in self.rows]]
        self.members = [np.flatnonzero(supers == s) for s in np.unique(supers)]
        masses = np.sqrt([len(members) for members in self.members])
        self.chances = masses / masses.sum()

    def draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Rows of photos, i64[2n]: number i and i + n show one item, all others other items."""
        settings = self.settings
        members = self.members[rng.choice(len(self.members), p=self.chances)]
        count = min(settings.items, len(self.rows))
        wanted = min(len(members), round(settings.shared * count))
        shared = rng.choice(members, wanted, replace=False)
        others = rng.permutation(np.setdiff1d(np.arange(len(self.rows)), shared))
        chosen = np.concatenate([shared, others[: count - wanted]])
        pairs = np.stack([rng.choice(self.rows[item], 2, replace=False) for item in chosen])
        return np.asarray(pairs.T.ravel())


@torch.inference_mode()
def embed(network: nn.Module, photos: ArmInput, count: int) -> NDArray[np.float32]:
    """Embeddings f32[count, 128] of the first `count` photos."""
    network.eval()
    parts = [
        network(photos.plain(rows)).cpu()
        for rows in np.array_split(np.arange(count), max(1, count // 128))
    ]
    return np.asarray(torch.cat(parts).numpy())


def judge(embeddings: NDArray[np.float32], photos: VariantPhotos) -> dict[str, Any]:
    """Retrieval among all photos: every second photo is a query, the others are the gallery.

    A hit must show the garment in the query's colour, whichever arm the embeddings come from;
    `colors_as_one` takes any colour of it for a hit. `garment_top1` is the share of each garment's
    queries that are answered by the right photo.
    """
    query = np.arange(len(photos)) % 2 == 0
    similarity = embeddings[query] @ embeddings[~query].T
    ranks = best_ranks(similarity, photos.variants[query], photos.variants[~query])
    merged = best_ranks(similarity, photos.garments[query], photos.garments[~query])
    several, drawn = photos.several_colors[query], photos.drawn[query]
    parts = {"one_color": ~several, "several_colors": several, "real": ~drawn, "drawn": drawn}
    garments = photos.garments[query]
    hits = np.bincount(garments, ranks == 0) / np.bincount(garments)
    return {
        "all": top_shares(ranks),
        **{name: top_shares(ranks[part]) for name, part in parts.items() if part.any()},
        "colors_as_one": top_shares(merged),
        "garment_top1": [round(float(share), 3) for share in hits],
    }


def train_arm(settings: ArmSettings, train: Photos, val: Photos) -> dict[str, Any]:
    """Train to the end, or on from the checkpoint, and judge the averaged network."""
    torch.manual_seed(settings.run.seed)
    network: nn.Module = Embedder(settings.trunk)
    if train.features is not None:
        network = Head(train.features.shape[1])
    run = Run(network, settings)
    run.resume()
    sampler = ItemSampler(train.photos, settings)
    learned, judged = (part.input(settings.size, run.device) for part in (train, val))

    def loss(step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([settings.run.seed, run.epoch, step])
        embeddings = run.network(learned.random(sampler.draw(rng), rng))
        apart = torch.eye(len(embeddings) // 2, dtype=torch.bool, device=run.device)
        return {"pairs": contrastive_loss(embeddings, apart, settings.temperature)}

    def evaluate() -> dict[str, Any]:
        return judge(embed(run.average, judged, len(val.photos)), val.photos)

    run.fit(
        lambda: run.train_epoch(range(settings.steps), settings.steps, loss),
        lambda: {"top1": evaluate()["all"]["top1"]},
    )
    return {"seconds": round(run.seconds), **evaluate()}


def finished_arm(settings: ArmSettings, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The arm's result from its JSON file beside its folder, or made by `make` and kept there.

    ValueError if the file was made with other settings.
    """
    path = Path(settings.run.output).with_suffix(".json")
    mine = settings.recorded()
    if path.exists():
        saved: dict[str, Any] = json.loads(path.read_text())
        if saved["settings"] != mine:
            raise ValueError(
                f"{path} was made with other settings or photos; choose another --output"
            )
        return saved
    result = {"settings": mine, **make()}
    with write_whole(path) as partial:
        partial.write_text(json.dumps(result, indent=1))
    return result
