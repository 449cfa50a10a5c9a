"""Runs that start from released ONNX files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ootd_training.models.detector.export import write
from ootd_training.models.detector.network import CrossStageDetector
from ootd_training.models.embedder.export import export_embedder
from ootd_training.models.embedder.network import Embedder
from ootd_training.models.embedder.settings import EmbedderSettings
from ootd_training.models.embedder.train import EmbedderInTraining, load_start
from ootd_training.models.tagger.export import export_tagger
from ootd_training.models.tagger.network import ServedTagger, Tagger
from ootd_training.network.starting_weights import start_from
from ootd_training.network.trunk import TAGGER_TRUNK, TrunkSettings
from ootd_training.network.trunk_factory import make_trunk
from ootd_training.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
SMALL = TrunkSettings(width=0.25, depth=0.25, features=64)
OTHER = TrunkSettings(width=0.35, depth=0.25, features=64)
HALF_PRECISION = 5e-3
"""What rounding the weights to half precision may change of an answer."""


def crops(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(16, 3, 48, 48, generator=generator) for _ in range(3)]


def used(network: torch.nn.Module, batches: list[torch.Tensor]) -> None:
    """Make a new network like a trained one: biases that differ, norms with statistics."""
    network.train()
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 1:
                weight.add_(torch.randn_like(weight), alpha=0.1)
        for batch in batches * 3:
            network(batch * 0.7)
    network.eval()


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, Path]:
    torch.manual_seed(5)
    network = Tagger(SMALL, TAXONOMY)
    used(network, crops(seed=7))
    path = tmp_path_factory.mktemp("tagger") / "model.onnx"
    export_tagger(ServedTagger(network, TAXONOMY), 48, path)
    return network, path


def test_a_network_that_starts_from_a_release_answers_as_it_did(
    tagger: tuple[Tagger, Path],
) -> None:
    trained, path = tagger
    network = Tagger(SMALL, TAXONOMY)
    start_from(network, path, crops)
    with torch.inference_mode():
        for mine, theirs in zip(network.eval()(crops()[0]), trained(crops()[0]), strict=True):
            assert (mine - theirs).abs().max() < HALF_PRECISION


def test_batch_norms_have_the_statistics_of_their_inputs(tagger: tuple[Tagger, Path]) -> None:
    """So the network answers nearly alike in training, where a batch has statistics of its own."""
    network = Tagger(SMALL, TAXONOMY, dropout=0.0)
    start_from(network, tagger[1], crops)
    everything = torch.cat(crops())
    with torch.no_grad():
        calm = network.eval()(everything)[0]
        # Stochastic depth would change the answers too.
        for block in network.trunk.blocks:
            block.drop = 0.0  # type: ignore[union-attr, assignment]
        trained = network.train()(everything)[0]
    assert (calm - trained).abs().max() < HALF_PRECISION


def test_a_trunk_starts_from_a_released_tagger(tagger: tuple[Tagger, Path]) -> None:
    trained, path = tagger
    trunk = make_trunk(SMALL)
    start_from(trunk, path, crops, TAGGER_TRUNK)
    with torch.inference_mode():
        gap = (trunk.eval()(crops()[0]) - trained.trunk(crops()[0])).abs().max()
    assert gap < HALF_PRECISION


def test_an_embedder_starts_from_a_release_with_new_classifiers(
    tagger: tuple[Tagger, Path], tmp_path: Path
) -> None:
    settings = EmbedderSettings(trunk=SMALL)
    trained = Embedder(SMALL)
    used(trained, crops(seed=7))
    path = tmp_path / "model.onnx"
    export_embedder(trained, 48, path)
    network = EmbedderInTraining(settings, TAXONOMY)
    labels = network.labels.subs.clone()
    load_start(network, path, crops)
    with torch.inference_mode():
        gap = (network.embedder.eval()(crops()[0]) - trained(crops()[0])).abs().max()
    assert gap < HALF_PRECISION
    assert torch.equal(network.labels.subs, labels)
    projection = network.embedder.projection.weight.clone()
    load_start(network, tagger[1], crops)
    assert torch.equal(network.embedder.projection.weight, projection)


def test_a_detector_starts_from_a_release_without_its_segmentation(tmp_path: Path) -> None:
    torch.manual_seed(3)
    trained = CrossStageDetector(width=8)
    images = [torch.rand(2, 3, 64, 64) for _ in range(3)]
    used(trained, images)
    path = tmp_path / "model.onnx"
    write(trained, path, 64)
    network = CrossStageDetector(width=8)
    segmentation = network.segmentation.weight.clone()
    start_from(network, path, lambda: images, fresh=("segmentation.",))
    with torch.inference_mode():
        found, expected = network.eval()(images[0]), trained(images[0])
    assert (found[0] - expected[0]).abs().max() < 0.02
    assert (found[1] - expected[1]).abs().max() < 0.02
    assert torch.equal(network.segmentation.weight, segmentation)
    with pytest.raises(ValueError, match=r"segmentation\.weight"):
        start_from(network, path, lambda: images)


def test_what_does_not_fit_is_said(tagger: tuple[Tagger, Path], tmp_path: Path) -> None:
    path = tagger[1]
    with pytest.raises(ValueError, match="another kind or size") as raised:
        start_from(Tagger(OTHER, TAXONOMY), path, crops)
    assert str(path) in str(raised.value)
    with pytest.raises(ValueError, match="another network"):
        start_from(CrossStageDetector(width=8), path, crops)
    with pytest.raises(FileNotFoundError, match=r"no model .*none\.onnx"):
        start_from(Tagger(SMALL, TAXONOMY), tmp_path / "none.onnx", crops)
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(ValueError, match="not an ONNX model"):
        start_from(Tagger(SMALL, TAXONOMY), tmp_path / "text.onnx", crops)


def test_a_checkpoint_of_another_network_is_said(tmp_path: Path) -> None:
    torch.save({"average": Tagger(OTHER, TAXONOMY).state_dict()}, tmp_path / "last.pt")
    with pytest.raises(ValueError, match="another kind or size"):
        start_from(Tagger(SMALL, TAXONOMY), tmp_path / "last.pt", crops)
