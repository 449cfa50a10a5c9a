from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from killed_runs import kill_after_an_epoch

from labelled_photos import write_data
from ootd_training.commands import by_model
from ootd_training.data.crop_views import ViewSettings
from ootd_training.data.crops import Garment, load_tiles
from ootd_training.data.garments import read_garments
from ootd_training.models.tagger.export import OUTPUTS, export_tagger, load_tagger
from ootd_training.models.tagger.loss import TaggerLoss, encode_labels, super_log_probabilities
from ootd_training.models.tagger.measure import measure_tagger
from ootd_training.models.tagger.model import TAGGER
from ootd_training.models.tagger.network import ServedTagger, Tagger
from ootd_training.models.tagger.settings import Stage, TaggerSettings
from ootd_training.models.tagger.train import train_epoch
from ootd_training.models.training import train
from ootd_training.network.efficientnet_v2 import scale_channels
from ootd_training.network.run import Run
from ootd_training.network.trunk import TrunkSettings
from ootd_training.network.trunk_factory import make_trunk
from ootd_training.served.crop_model import fold_batch_norms, largest_difference, run_crops
from ootd_training.served.onnx_sessions import open_session
from ootd_training.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
VALUES = TAXONOMY.attribute_count
SMALL = TrunkSettings(width=0.25, depth=0.34, features=64)


def garment(super_name: str, *subs: str, **labels: int) -> Garment:
    super_index = TAXONOMY.supers.index(super_name)
    candidates = tuple(TAXONOMY.sub(super_name, sub) for sub in subs)
    all_subs = TAXONOMY.subs_of(super_index)
    whole = (0.0, 0.0, 1.0, 1.0)
    weight = 1.0 if "color" in labels else 0.0
    return Garment(
        "catalog",
        Path("x"),
        whole,
        super_index,
        candidates or all_subs,
        values=labels,
        color_weight=weight,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def settings(data: Path, tmp_path_factory: pytest.TempPathFactory) -> TaggerSettings:
    return TaggerSettings().changed(
        data=str(data),
        output=str(tmp_path_factory.mktemp("run")),
        epochs=2,
        batch=8,
        trunk=SMALL,
        stages=(Stage(1.0, 32),),
        views=ViewSettings(recolor=0.0, erase=0.0, background=0.0),
        mixing=0.0,
    )


def test_taxonomy_has_the_served_sizes() -> None:
    assert (len(TAXONOMY.supers), len(TAXONOMY.subs)) == (6, 32)
    columns = [i for group in TAXONOMY.groups for i in range(VALUES)[group.columns]]
    assert columns == list(range(VALUES))
    with pytest.raises(ValueError, match="tabard"):
        TAXONOMY.sub("top", "tabard")


def test_scaled_channels_are_multiples_of_eight() -> None:
    assert [scale_channels(c, 0.55) for c in (16, 32, 48, 192)] == [8, 16, 24, 104]
    assert all(scale_channels(c, 0.37) >= 0.9 * 0.37 * c for c in range(16, 300, 8))


def test_trunk_takes_any_size() -> None:
    trunk = make_trunk(SMALL).eval()
    with torch.inference_mode():
        for size in (32, 47, 160):
            assert trunk(torch.rand(2, 3, size, size)).shape == (2, 64)


def test_folding_batch_norms_changes_no_answer() -> None:
    torch.manual_seed(0)
    trunk = make_trunk(SMALL)
    for _ in range(3):
        trunk(torch.rand(8, 3, 32, 32))
    folded = fold_batch_norms(trunk)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
    crops = torch.rand(4, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(trunk.eval()(crops), folded(crops), atol=1e-4)


def test_served_groups_sum_to_one() -> None:
    served = ServedTagger(Tagger(SMALL, TAXONOMY), TAXONOMY).eval()
    with torch.inference_mode():
        subs, attributes = served(torch.rand(3, 3, 32, 32))
    assert torch.allclose(subs.sum(1), torch.ones(3))
    for group in TAXONOMY.groups:
        assert torch.allclose(attributes[:, group.columns].sum(1), torch.ones(3), atol=1e-6)


def test_a_mirrored_garment_gets_the_same_answer() -> None:
    served = ServedTagger(Tagger(SMALL, TAXONOMY), TAXONOMY).eval()
    crops = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        for answer, mirrored in zip(served(crops), served(crops.flip(3)), strict=True):
            assert torch.allclose(answer, mirrored, atol=1e-5)


def test_shift_multiplies_the_odds_of_a_super_category() -> None:
    tagger = Tagger(SMALL, TAXONOMY).eval()
    crops = torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        plain, _ = ServedTagger(tagger, TAXONOMY)(crops)
        shifted, _ = ServedTagger(tagger, TAXONOMY, (0.7, 0, 0, 0, 0, 0))(crops)
    before, after = plain[:, :6].sum(1), shifted[:, :6].sum(1)
    odds = (after / (1 - after)) / (before / (1 - before))
    assert torch.allclose(odds, torch.full((3,), 0.7).exp(), rtol=1e-3)


def test_super_probability_is_the_sum_of_its_subs() -> None:
    probabilities = torch.rand(5, 32).softmax(1)
    supers = super_log_probabilities(probabilities.log(), TAXONOMY).exp()
    assert torch.allclose(supers[:, 3], probabilities[:, 18] + probabilities[:, 19])
    assert torch.allclose(supers.sum(1), torch.ones(5))


def losses(
    garments: list[Garment], subs: torch.Tensor, attributes: torch.Tensor
) -> dict[str, float]:
    loss = TaggerLoss(TaggerSettings(smoothing=0.0), TAXONOMY)
    true_colors = torch.ones(len(garments), dtype=torch.bool)
    labels = encode_labels(garments, TAXONOMY)
    return {k: float(v) for k, v in loss((subs, attributes), labels, true_colors).items()}


def test_loss_of_a_known_sub_category_is_cross_entropy() -> None:
    logits = torch.randn(1, 32)
    shirt = garment("top", "shirt")
    parts = losses([shirt], logits, torch.zeros(1, VALUES))
    expected = float(-logits.log_softmax(1)[0, shirt.sub])
    assert parts["super"] + parts["sub"] == pytest.approx(expected, rel=1e-5)
    assert parts["color"] == parts["sleeve_length"] == parts["audience"] == 0


def test_loss_of_an_unknown_sub_category_asks_for_the_super_category_alone() -> None:
    logits = torch.randn(1, 32)
    parts = losses([garment("shoes")], logits, torch.zeros(1, VALUES))
    shoes = list(TAXONOMY.subs_of(TAXONOMY.supers.index("shoes")))
    expected = float(-logits.softmax(1)[0, shoes].sum().log())
    assert parts["super"] == pytest.approx(expected, rel=1e-5)
    assert parts["sub"] == pytest.approx(0, abs=1e-6)


def test_candidates_without_any_example_are_left_out() -> None:
    garments = [
        garment("bottom", "pants", "jeans", "joggers"),
        garment("bottom", "pants"),
        garment("bottom", "jeans"),
    ]
    allowed = encode_labels(garments, TAXONOMY).candidates[0]
    assert [TAXONOMY.subs[i] for i in allowed.nonzero()[:, 0].tolist()] == ["pants", "jeans"]


def test_changed_colors_are_not_learnt() -> None:
    loss = TaggerLoss(TaggerSettings(), TAXONOMY)
    labels = encode_labels([garment("top", "shirt", color=3)], TAXONOMY)
    outputs = (torch.zeros(1, 32), torch.randn(1, VALUES))
    assert float(loss(outputs, labels, torch.tensor([False]))["color"]) == 0
    assert float(loss(outputs, labels, torch.tensor([True]))["color"]) > 0


def test_measures_count_what_is_labelled() -> None:
    garments = (garment("top", "shirt", color=0), garment("top"), garment("bag", "purse", color=1))
    subs = np.full((3, 32), 0.001, np.float32)
    subs[0, TAXONOMY.sub("top", "blouse")] = 0.9
    subs[1, TAXONOMY.sub("top", "shirt")] = 0.9
    subs[2, TAXONOMY.sub("shoes", "boots")] = 0.6
    subs[2, TAXONOMY.sub("bag", "purse")] = 0.3
    attributes = np.zeros((3, VALUES), np.float32)
    attributes[:, 0] = 1
    measures = measure_tagger(subs, attributes, garments, TAXONOMY)
    assert measures["super"] == {"right": pytest.approx(0.6667), "of": 3}
    assert measures["super_by_class"]["bag"] == {"right": 0.0, "of": 1}
    assert measures["sub"] == {"right": 0.0, "of": 2}
    assert measures["sub_in_super"] == {"right": 0.5, "of": 2}
    assert measures["color"] == {"right": 0.5, "of": 2}
    assert measures["audience"] == {"right": None, "of": 0}


def test_training_learns(settings: TaggerSettings, tmp_path: Path) -> None:
    endless = settings.changed(epochs=1000, warmup=0.0, output=str(tmp_path))
    torch.manual_seed(3)
    run = Run(Tagger(SMALL, TAXONOMY), endless)
    tiles = load_tiles(read_garments(Path(endless.photos.data), "train", TAXONOMY), None, 48)
    means = [train_epoch(run, endless, tiles, TAXONOMY) for _ in range(6)]
    assert run.epoch == 6
    assert run.step == 30
    assert means[-1]["super"] < 0.97 * means[0]["super"]
    assert means[-1]["color"] < means[0]["color"]


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(
    settings: TaggerSettings, tmp_path: Path
) -> None:
    settings = settings.changed(mixing=0.5, fold=0)
    whole = train(TAGGER, settings.changed(output=str(tmp_path / "whole")))
    broken = settings.changed(output=str(tmp_path / "broken"))
    kill_after_an_epoch(lambda: train(TAGGER, broken))
    resumed = train(TAGGER, broken)
    assert resumed.step == whole.step
    for mine, theirs in zip(resumed.average.parameters(), whole.average.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    history = [json.loads(line) for line in (tmp_path / "whole/history.jsonl").open()]
    assert history[-1]["held_out"]["catalog"]["super"] is not None
    loaded = load_tagger(tmp_path / "broken/last.pt", TAXONOMY)
    assert torch.equal(loaded.head.weight, resumed.average.head.weight)


def test_a_run_is_not_resumed_with_other_settings(settings: TaggerSettings, tmp_path: Path) -> None:
    mine = settings.changed(epochs=1, output=str(tmp_path))
    train(TAGGER, mine)
    other = mine.changed(batch=4)
    with pytest.raises(ValueError, match="batch 8, not 4"):
        train(TAGGER, other)
    assert train(TAGGER, other, restart=True).step == 10


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, Path]:
    torch.manual_seed(1)
    tagger = Tagger(SMALL, TAXONOMY)
    for _ in range(4):
        tagger(torch.rand(8, 3, 32, 32))
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_tagger(ServedTagger(tagger, TAXONOMY), 96, path)
    return tagger, path


def test_exported_file_answers_as_the_network(data: Path, exported: tuple[Tagger, Path]) -> None:
    tagger, path = exported
    tiles = load_tiles(read_garments(data, "val", TAXONOMY), None)
    crops = np.stack([tiles.served(i, 160) for i in range(5)])
    differences = largest_difference(ServedTagger(tagger, TAXONOMY), 96, path, crops)
    assert set(differences) == set(OUTPUTS)
    assert max(differences.values()) < 0.01
    session = open_session(path)
    for count in (1, 3):
        subs, attributes = run_crops(session, crops[:count])
        assert subs.shape == (count, 32)
        assert attributes.shape == (count, VALUES)
    model = onnx.load(path)
    assert any(w.data_type == onnx.TensorProto.FLOAT16 for w in model.graph.initializer)
    assert not list(path.parent.glob("*.partial*"))


def test_evaluate_prints_the_measures_of_a_file(
    data: Path,
    exported: tuple[Tagger, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["tagger", "--data", str(data), "--model", str(exported[1])]
    monkeypatch.setattr("sys.argv", ["ootd-evaluate", *arguments])
    by_model.evaluate()
    printed = capsys.readouterr().out
    assert "| super |" in printed
    assert "% of 8" in printed
    assert "attributes, micro recall" in printed
    monkeypatch.setattr("sys.argv", ["ootd-evaluate", *arguments, "--json"])
    by_model.evaluate()
    assert json.loads(capsys.readouterr().out)["accuracy"]["outfit"]["super"]["of"] == 32
