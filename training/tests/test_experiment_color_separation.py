"""The colour-separation experiment on a handful of photos."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("ootd_samples", reason="needs ootd-samples", exc_type=ImportError)

from labelled_photos import write_data
from ootd_training.commands import experiment as commands
from ootd_training.experiments.arm_inputs import PixelWindows, trunk_features
from ootd_training.experiments.separation_arms import (
    BASELINE,
    SEPARATED,
    ArmSettings,
    ItemSampler,
    Photos,
    finished_arm,
    judge,
    train_arm,
)
from ootd_training.experiments.variants import VariantPhotos, VariantSettings, make_photos
from ootd_training.network.run import Run
from ootd_training.network.trunk import TrunkSettings
from ootd_training.network.trunk_factory import make_trunk
from ootd_training.taxonomy import load_taxonomy

SMALL = TrunkSettings(width=0.25, depth=0.34, features=32)


def photos(garments: int = 6, colors: int = 2, size: int = 32) -> VariantPhotos:
    """Flat photos, four of each garment in each colour, that tell both apart."""
    rng = np.random.default_rng(1)
    count = garments * colors
    pixels = np.repeat(rng.integers(0, 256, (count, 1, 1, 3)), 4, 0)
    pixels = np.broadcast_to(pixels, (4 * count, size, size, 3)).astype(np.uint8)
    variants = np.repeat(np.arange(count), 4)
    garment = variants // colors
    return VariantPhotos(pixels, garment, variants, garment % 2, garment == 0)


def settings(tmp_path: Path, arm: str = SEPARATED, **more: object) -> ArmSettings:
    plain = ArmSettings(arm=arm, steps=2, items=6, size=32, trunk=SMALL)
    return plain.changed(output=str(tmp_path / arm), seed=1, epochs=2, evaluate_every=2, **more)


@pytest.mark.parametrize("arm", [BASELINE, SEPARATED])
def test_pairs_show_one_item_and_only_the_baselines_differ_in_color(
    tmp_path: Path, arm: str
) -> None:
    shop = photos()
    sampler = ItemSampler(shop, settings(tmp_path, arm))
    mixed = False
    for seed in range(8):
        rows = sampler.draw(np.random.default_rng(seed))
        first, second = rows.reshape(2, -1)
        assert (shop.garments[first] == shop.garments[second]).all()
        assert (first != second).all()
        items = (shop.garments if arm == BASELINE else shop.variants)[first]
        assert len(set(items.tolist())) == len(items) == 6
        mixed |= bool((shop.variants[first] != shop.variants[second]).any())
    assert mixed == (arm == BASELINE)


def test_judging_wants_the_color_too() -> None:
    shop = photos(garments=4)
    by_variant = np.eye(8, dtype=np.float32)[shop.variants]
    assert judge(by_variant, shop)["all"]["top1"] == 1
    blind = judge(np.eye(4, dtype=np.float32)[shop.garments], shop)
    assert blind["all"] == {"top1": 0, "top5": 1, "top10": 1, "top20": 1}
    assert blind["colors_as_one"]["top1"] == 1
    assert blind["garment_top1"] == [0, 0, 0, 0]


def test_windows_are_cut_from_the_photos() -> None:
    pixels = np.arange(2 * 6 * 6 * 3, dtype=np.uint8).reshape(2, 6, 6, 3)
    windows = PixelWindows(pixels, 4, torch.device("cpu"))
    middle = windows.plain(np.array([1]))
    assert torch.equal(
        (middle * 255).round().byte()[0, 0], torch.from_numpy(pixels[1, 1:5, 1:5, 0])
    )
    shown = windows.random(np.array([0, 1]), np.random.default_rng(0))
    assert shown.shape == (2, 3, 4, 4)


def test_an_arm_is_the_same_when_it_is_stopped_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Photos(photos())
    whole = train_arm(settings(tmp_path / "whole"), shop, shop)
    parted = settings(tmp_path / "parted")
    save = Run.save

    def save_and_stop(run: Run) -> None:
        save(run)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Run, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train_arm(parted, shop, shop)
    again = train_arm(parted, shop, shop)
    del whole["seconds"], again["seconds"]
    assert again == whole


def test_a_finished_arm_is_not_trained_again(tmp_path: Path) -> None:
    arm = settings(tmp_path)
    first = finished_arm(arm, lambda: {"all": {"top1": 0.5}})
    assert finished_arm(arm, lambda: pytest.fail("trained again")) == first
    with pytest.raises(ValueError, match="other settings"):
        finished_arm(arm.changed(steps=3), dict)


def test_other_photos_or_features_have_another_digest() -> None:
    shop = photos()
    brighter = dataclasses.replace(shop, pixels=shop.pixels // 2)
    features = np.zeros((len(shop), 2), np.float32)
    shown = [Photos(shop), Photos(brighter), Photos(shop, features), Photos(shop, features + 1)]
    assert len({one.digest() for one in shown}) == 4
    assert Photos(photos()).digest() == shown[0].digest()


def test_features_of_a_frozen_trunk_are_kept(tmp_path: Path) -> None:
    trunk = make_trunk(SMALL)
    weights = {f"trunk.{name}": value for name, value in trunk.state_dict().items()}
    saved = {"average": weights, "settings": {"trunk": dataclasses.asdict(SMALL)}}
    torch.save(saved, tmp_path / "last.pt")
    pixels = photos().pixels
    features = trunk_features(tmp_path / "last.pt", pixels, tmp_path, torch.device("cpu"))
    assert features.shape == (len(pixels), 32)
    kept = next(tmp_path.glob("features-*.npy"))
    np.save(kept, np.zeros_like(features))
    assert not trunk_features(tmp_path / "last.pt", pixels, tmp_path, torch.device("cpu")).any()
    shop = Photos(photos(), features)
    result = train_arm(settings(tmp_path, frozen_trunk=True), shop, shop)
    assert 0 <= result["all"]["top1"] <= result["all"]["top20"] <= 1


def test_photos_are_several_of_each_color(tmp_path: Path) -> None:
    data = write_data(tmp_path)
    few = VariantSettings(real=3, drawn=1, size=24, color_chances=(0, 1))
    made = [make_photos(data, "val", load_taxonomy(), few, None) for _ in range(2)]
    shop = made[0]
    assert shop.counts() == {"garments": 4, "variants": 8, "photos": 32}
    assert shop.several_colors.all()
    assert shop.drawn.sum() == 8
    assert (shop.pixels == made[1].pixels).all()
    for garment in range(4):
        ours = shop.garments == garment
        means = [shop.pixels[shop.variants == v].mean((0, 1, 2)) for v in set(shop.variants[ours])]
        assert np.abs(means[0] - means[1]).max() > 8, "both colours look alike"


def test_the_command_reports_and_goes_on_with_more_seeds(tmp_path: Path) -> None:
    data, output = write_data(tmp_path / "data"), tmp_path / "out"
    common = ["color-separation", "--data", str(data), "--output", str(output), "--quick"]
    commands.run([*common, "--seeds", "1"])
    kept = (output / "baseline-1.json").stat().st_mtime_ns
    commands.run([*common, "--seeds", "2", "--report", str(tmp_path)])
    assert (output / "baseline-1.json").stat().st_mtime_ns == kept
    top1 = 100 * json.loads((output / "separated-2.json").read_text())["all"]["top1"]
    text = (tmp_path / "color-separation.md").read_text()
    assert "2 seeds" in text
    assert f"{top1:.1f}" in text
    assert (tmp_path / "color-separation-top-k.png").stat().st_size > 1000


def test_a_number_of_seeds_out_of_range_is_refused(tmp_path: Path) -> None:
    data = write_data(tmp_path, 1)
    with pytest.raises(ValueError, match="--seeds must be 1 or more, got 0"):
        commands.run(["color-separation", "--data", str(data), "--seeds", "0"])
