from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from labelled_photos import write_data, write_drawn
from ootd_training.commands import by_model
from ootd_training.data.crops import load_tiles
from ootd_training.data.garments import load_training_tiles, read_garments
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.models.embedder.batches import PairSampler
from ootd_training.models.embedder.export import export_embedder, load_embedder
from ootd_training.models.embedder.loss import LabelHead, contrastive_loss, label_loss, soft_codes
from ootd_training.models.embedder.measure import embed_views, measure_views, neighbours
from ootd_training.models.embedder.model import EMBEDDER
from ootd_training.models.embedder.network import EMBEDDING_SIZE, Embedder
from ootd_training.models.embedder.settings import EmbedderSettings
from ootd_training.models.embedder.train import EmbedderInTraining, load_start, train_epoch
from ootd_training.models.tagger.loss import encode_labels
from ootd_training.models.tagger.network import Tagger
from ootd_training.models.training import train
from ootd_training.network.run import Run
from ootd_training.network.trunk import TrunkSettings
from ootd_training.served.crop_model import largest_difference
from ootd_training.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
SMALL = TrunkSettings(width=0.25, depth=0.34, features=64)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def settings(data: Path, tmp_path_factory: pytest.TempPathFactory) -> EmbedderSettings:
    return EmbedderSettings().changed(
        data=str(data),
        output=str(tmp_path_factory.mktemp("run")),
        epochs=2,
        items=8,
        recolored=2,
        steps=6,
        trunk=SMALL,
        sizes=((1.0, 32),),
    )


def nothing_alike(count: int) -> torch.Tensor:
    return torch.eye(count, dtype=torch.bool)


def test_embeddings_have_length_one() -> None:
    with torch.inference_mode():
        embeddings = Embedder(SMALL).eval()(torch.rand(3, 3, 48, 48))
    assert embeddings.shape == (3, EMBEDDING_SIZE)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(3), atol=1e-6)


def test_contrastive_loss_of_indistinct_embeddings_is_log_of_the_choices() -> None:
    same = torch.ones(8, 4) / 2
    assert float(contrastive_loss(same, nothing_alike(4), 0.1)) == pytest.approx(
        math.log(7), rel=1e-5
    )


def test_contrastive_loss_is_low_when_the_views_agree() -> None:
    garments = torch.eye(4)
    good = contrastive_loss(torch.cat([garments, garments]), nothing_alike(4), 0.1)
    bad = contrastive_loss(torch.cat([garments, garments.roll(1, 0)]), nothing_alike(4), 0.1)
    assert float(good) < 0.01
    assert float(bad) > 9


def test_garments_that_look_alike_do_not_repel() -> None:
    twins = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    alike = nothing_alike(3)
    alike[0, 1] = alike[1, 0] = True
    both = torch.cat([twins, twins])
    with_repulsion = float(contrastive_loss(both, nothing_alike(3), 0.1))
    without = float(contrastive_loss(both, alike, 0.1))
    assert without < 0.01 < with_repulsion


def test_label_loss_ignores_unknown_colors() -> None:
    head = LabelHead(TAXONOMY, 12.0)
    logits = head(torch.nn.functional.normalize(torch.randn(2, EMBEDDING_SIZE), dim=1))
    everything = torch.ones(2, 32, dtype=torch.bool)
    unknown = label_loss(logits, everything, torch.tensor([-1, -1]), torch.ones(2))
    assert float(unknown) == pytest.approx(0, abs=1e-5)
    assert float(label_loss(logits, everything, torch.tensor([-1, 2]), torch.ones(2))) > 0.01


def test_batches_pair_views_and_mark_recolored_copies(
    data: Path, settings: EmbedderSettings
) -> None:
    tiles = load_tiles(read_garments(data, "train", TAXONOMY), None, 64)
    sampler = PairSampler(tiles, settings, TAXONOMY)
    seen_copies = False
    for seed in range(6):
        batch = sampler.make(32, np.random.default_rng(seed))
        count = len(batch.indices)
        assert batch.crops.shape == (2 * count, 3, 32, 32)
        drawn = batch.indices[batch.true_colors]
        assert len(set(drawn.tolist())) == len(drawn) <= settings.items
        copies = batch.indices[~batch.true_colors]
        seen_copies |= len(copies) > 0
        assert set(copies.tolist()) <= set(drawn.tolist())
        assert not batch.alike[~batch.true_colors].any()
        for i, j in zip(*np.nonzero(batch.alike), strict=True):
            first, second = (tiles.garments[batch.indices[k]] for k in (i, j))
            assert (first.super_index, first.color) == (second.super_index, second.color)
    assert seen_copies
    same = [sampler.make(32, np.random.default_rng(9)).crops for _ in range(2)]
    assert (same[0] == same[1]).all()


def test_views_of_an_item_come_from_several_photos(
    data: Path, settings: EmbedderSettings, tmp_path: Path
) -> None:
    drawn = write_drawn(tmp_path)
    tiles = load_training_tiles(PhotoSources(str(data), str(drawn), limit=2), TAXONOMY, None)
    sampler = PairSampler(tiles, settings, TAXONOMY)
    assert sampler.photos == {"backpack-7": [4, 5]}
    assert sampler.labels[4] == sampler.labels[5]


def test_neighbours_are_the_nearest_others() -> None:
    angles = np.array([0.0, 0.1, 0.3, 2.0])
    points = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    assert neighbours(points, 2).tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]


def test_measures_of_perfect_and_of_blind_embeddings(data: Path) -> None:
    tiles = load_tiles(read_garments(data, "val", TAXONOMY), None, 64)

    def by_color(crops: np.ndarray) -> np.ndarray:
        middle = crops[:, 12:20, 12:20].reshape(len(crops), -1, 3).mean(1) - 128.0
        return (middle / np.linalg.norm(middle, axis=1, keepdims=True)).astype(np.float32)

    def blind(crops: np.ndarray) -> np.ndarray:
        random = np.random.default_rng(len(crops)).normal(size=(len(crops), 8))
        return (random / np.linalg.norm(random, axis=1, keepdims=True)).astype(np.float32)

    good = measure_views(embed_views(by_color, tiles, 32))
    bad = measure_views(embed_views(blind, tiles, 32))
    assert good["garments"] == len(tiles)
    assert good["same_color"]["top5"] > 0.8
    assert good["same_color"]["chance"] == bad["same_color"]["chance"]
    assert abs(bad["same_color"]["top5"] - bad["same_color"]["chance"]) < 0.2


def test_start_from_tagger_copies_the_trunk(tmp_path: Path) -> None:
    tagger = Tagger(SMALL, TAXONOMY)
    torch.save({"average": tagger.state_dict()}, tmp_path / "last.pt")
    network = EmbedderInTraining(EmbedderSettings(trunk=SMALL), TAXONOMY)
    load_start(network, tmp_path / "last.pt", list)
    mine = network.embedder.trunk.parameters()
    for own, theirs in zip(mine, tagger.trunk.parameters(), strict=True):
        assert torch.equal(own, theirs)


def test_training_learns(settings: EmbedderSettings, tmp_path: Path) -> None:
    endless = settings.changed(epochs=1000, warmup=0.0, output=str(tmp_path))
    torch.manual_seed(3)
    run = Run(EmbedderInTraining(endless, TAXONOMY), endless)
    tiles = load_tiles(read_garments(Path(endless.photos.data), "train", TAXONOMY), None, 48)
    sampler = PairSampler(tiles, endless, TAXONOMY)
    labels = encode_labels(tiles.garments, TAXONOMY)
    means = [train_epoch(run, sampler, labels) for _ in range(6)]
    assert run.step == 36
    assert means[-1]["labels"] < 0.9 * means[0]["labels"]


def test_a_finished_run_is_left_as_it_is(settings: EmbedderSettings, tmp_path: Path) -> None:
    mine = settings.changed(output=str(tmp_path), fold=0, limit=0)
    run = train(EMBEDDER, mine)
    assert (run.progress, run.step) == (1, 12)
    history = (tmp_path / "history.jsonl").read_text()
    last = json.loads(history.splitlines()[-1])
    assert 0 <= last["held_out"]["all"]["same_item"]["top1"] <= 1
    again = train(EMBEDDER, mine)
    assert (again.step, (tmp_path / "history.jsonl").read_text()) == (12, history)
    loaded = load_embedder(tmp_path / "last.pt")
    assert torch.equal(loaded.projection.weight, run.average.embedder.projection.weight)


def test_exported_file_answers_as_the_network(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(2)
    embedder = Embedder(SMALL)
    for _ in range(4):
        embedder(torch.rand(8, 3, 32, 32))
    path = tmp_path / "model.onnx"
    export_embedder(embedder, 96, path)
    assert b"ootd_training" not in path.read_bytes(), "files of the exporting machine are no one's"
    tiles = load_tiles(read_garments(data, "val", TAXONOMY), None)
    crops = np.stack([tiles.served(i, 160) for i in range(4)])
    assert largest_difference(embedder, 96, path, crops)["EMBEDDING"] < 0.01
    monkeypatch.setattr(
        "sys.argv", ["ootd-evaluate", "embedder", "--data", str(data), "--model", str(path)]
    )
    by_model.evaluate()
    assert "same garment is the best hit" in capsys.readouterr().out


def test_codes_are_signs_whose_gradient_moves_numbers_over_zero() -> None:
    embeddings = torch.tensor([[0.6, -0.8], [-0.001, 1.0]], requires_grad=True)
    codes = soft_codes(embeddings)
    assert torch.allclose(codes.detach() * 2**0.5, torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))
    (-codes[1, 0]).backward()
    assert embeddings.grad is not None
    assert embeddings.grad[1, 0] < 0
    assert embeddings.grad[0].abs().max() == 0
