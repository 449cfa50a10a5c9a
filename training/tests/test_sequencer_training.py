"""The sequencer's runs, measures and export, on a small data folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from killed_runs import kill_after_an_epoch

from labelled_photos import write_data
from ootd_training.commands import by_model
from ootd_training.data.crops import Garment, load_tiles
from ootd_training.data.garments import read_garments
from ootd_training.models.sequencer.encoder import ResCeptionSettings
from ootd_training.models.sequencer.export import (
    OUTPUTS,
    compare,
    export_sequencer,
    load_sequencer,
    onnx_answer,
)
from ootd_training.models.sequencer.likelihood import independent_likelihood, sequence_likelihood
from ootd_training.models.sequencer.measure import (
    guides_of,
    measure_answers,
    measure_by_source,
    tagger_answer,
    torch_answer,
)
from ootd_training.models.sequencer.model import SEQUENCER
from ootd_training.models.sequencer.network import Sequencer, ServedSequencer
from ootd_training.models.sequencer.settings import SequencerSettings
from ootd_training.models.sequencer.tokens import Vocabulary
from ootd_training.models.sequencer.train import make_sequencer
from ootd_training.models.tagger.network import Tagger
from ootd_training.models.tagger.settings import Stage
from ootd_training.models.training import train
from ootd_training.network.trunk import TrunkSettings
from ootd_training.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
VOCABULARY = Vocabulary(TAXONOMY)
SMALL = TrunkSettings(width=0.25, depth=0.34, features=64)


def garment(super_name: str, *subs: str, **values: str) -> Garment:
    super_index = TAXONOMY.supers.index(super_name)
    candidates = tuple(TAXONOMY.sub(super_name, sub) for sub in subs)
    indices = {name: TAXONOMY.group(name).values.index(value) for name, value in values.items()}
    return Garment(
        "catalog",
        Path("x"),
        (0.0, 0.0, 1.0, 1.0),
        super_index,
        candidates or TAXONOMY.subs_of(super_index),
        indices,
        1.0,
    )


def sequence(*names: str) -> list[int]:
    tokens = [VOCABULARY.names.index(name) for name in names]
    return tokens + [-1] * (VOCABULARY.longest - len(tokens))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def settings(data: Path, tmp_path_factory: pytest.TempPathFactory) -> SequencerSettings:
    return SequencerSettings().changed(
        data=str(data),
        output=str(tmp_path_factory.mktemp("run")),
        epochs=2,
        batch=8,
        evaluate_every=2,
        hidden=16,
        trunk=SMALL,
        resception=ResCeptionSettings(width=0.05, features=32),
        stages=(Stage(1.0, 32),),
    )


def measured(garments: list[Garment], sequences: list[list[int]]) -> dict[str, dict[str, float]]:
    count = len(garments)
    answers = (
        np.full((count, VOCABULARY.subs), 1 / VOCABULARY.subs, np.float32),
        np.zeros((count, TAXONOMY.attribute_count), np.float32),
        np.array(sequences),
    )
    return measure_answers(answers, tuple(garments), VOCABULARY)


def test_precision_and_recall_count_what_is_labelled() -> None:
    found = measured(
        [
            garment("top", "shirt", color="red", sleeve_length="long"),
            garment("bag", "purse", color="blue"),
            garment("bag"),
        ],
        [
            sequence("shirt", "color=red", "sleeve_length=short", "audience=adult", "end"),
            sequence("blouse", "color=blue", "sleeve_length=long", "audience=adult", "end"),
            sequence("purse", "color=red", "end"),
        ],
    )
    # Right: shirt, red, blue. Wrong: short sleeves, blouse, and sleeves on a purse.
    assert found["tokens"] == {"precision": 0.5, "recall": 0.6, "of": 5}
    assert found["attributes"] == {"precision": 0.5, "recall": 0.6667, "of": 3}
    assert found["emitted_sub"] == {"precision": 0.5, "recall": 0.5, "of": 2}


def test_a_group_that_is_not_emitted_costs_recall_alone() -> None:
    found = measured([garment("top", "shirt", color="red")], [sequence("shirt", "end")])
    assert found["attributes"] == {"precision": 0.0, "recall": 0.0, "of": 1}
    assert found["tokens"] == {"precision": 1.0, "recall": 0.5, "of": 2}


def test_a_taggers_answers_become_sequences() -> None:
    subs = np.full((2, VOCABULARY.subs), 0.01, np.float32)
    subs[:, TAXONOMY.sub("bag", "purse")] = 0.35
    subs[:, [TAXONOMY.sub("top", name) for name in ("shirt", "blouse")]] = (0.25, 0.2)
    attributes = np.zeros((2, TAXONOMY.attribute_count), np.float32)
    attributes[:, TAXONOMY.group("color").start + 2] = 1
    answer = tagger_answer(lambda crops: (subs, attributes), VOCABULARY)
    guides = np.array([[-1], [TAXONOMY.supers.index("bag")]], np.int32)
    _, _, sequences = answer(np.zeros((2, 8, 8, 3), np.uint8), guides)
    names = [[VOCABULARY.names[t] for t in row if t >= 0] for row in sequences]
    assert [row[0] for row in names] == ["shirt", "purse"], "the best super-category comes first"
    assert all("color=gray" in row and row[-1] == "end" for row in names)
    assert any("sleeve_length" in name for name in names[0])
    assert not any("sleeve_length" in name for name in names[1])


def test_likelihood_of_independent_probabilities() -> None:
    garments = [garment("top", "shirt", color="red"), garment("top", color="red")]
    subs = np.full((2, VOCABULARY.subs), 0.5 / (VOCABULARY.subs - 6), np.float32)
    subs[:, list(TAXONOMY.subs_of(0))] = 0.05
    subs[:, TAXONOMY.sub("top", "shirt")] = 0.25
    attributes = np.full((2, TAXONOMY.attribute_count), 0.1, np.float32)
    found = independent_likelihood(subs, attributes, garments, VOCABULARY)
    assert found["unguided"] == pytest.approx(-np.log([0.25, 0.1, 0.1]).mean(), abs=1e-3)
    assert found["guided"] == pytest.approx(-np.log([0.5, 0.1, 0.1]).mean(), abs=1e-3)


def test_start_is_a_taggers_trunk_of_the_efficientnet_alone(
    data: Path, settings: SequencerSettings, tmp_path: Path
) -> None:
    tagger = Tagger(SMALL, TAXONOMY)
    torch.save({"average": tagger.state_dict()}, tmp_path / "last.pt")
    start = settings.changed(start=str(tmp_path / "last.pt"))
    tiles = load_tiles(read_garments(data, "train", TAXONOMY), None, 48)
    made = make_sequencer(start, tiles, TAXONOMY)
    for mine, theirs in zip(made.encoder.parameters(), tagger.trunk.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    with pytest.raises(ValueError, match="choose --encoder efficientnet"):
        make_sequencer(start.changed(encoder="resception"), tiles, TAXONOMY)


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(
    settings: SequencerSettings, tmp_path: Path
) -> None:
    whole = train(SEQUENCER, settings.changed(output=str(tmp_path / "whole")))
    broken = settings.changed(output=str(tmp_path / "broken"))
    kill_after_an_epoch(lambda: train(SEQUENCER, broken))
    resumed = train(SEQUENCER, broken)
    assert resumed.step == whole.step
    for mine, theirs in zip(resumed.average.parameters(), whole.average.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    loaded, known = load_sequencer(tmp_path / "broken/last.pt", TAXONOMY)
    assert known.size(1.0) == 32
    assert torch.equal(loaded.output.weight, resumed.average.output.weight)
    assert loaded.shift.abs().sum() > 0, "what undoes the balanced drawing"


def test_resception_is_trained_from_random_weights(
    settings: SequencerSettings, tmp_path: Path
) -> None:
    alone = settings.changed(output=str(tmp_path), encoder="resception", epochs=1, fold=0)
    run = train(SEQUENCER, alone)
    (line,) = [json.loads(text) for text in (tmp_path / "history.jsonl").open()]
    assert {"structure", "color", "super"} <= set(line["loss"])
    assert 0 <= line["held_out"]["guided"]["tokens"]["recall"] <= 1
    torch.manual_seed(settings.run.seed)
    before = Sequencer(alone, TAXONOMY).encoder.state_dict()
    assert not torch.equal(
        run.network.encoder.state_dict()["top.0.0.weight"], before["top.0.0.weight"]
    )
    known = load_sequencer(tmp_path / "last.pt", TAXONOMY)[1]
    assert known.encoder == "resception"


@pytest.fixture(scope="module")
def exported(
    settings: SequencerSettings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Sequencer, Path]:
    torch.manual_seed(4)
    network = Sequencer(settings, TAXONOMY)
    for _ in range(4):
        network.see(torch.rand(8, 3, 32, 32))
    # Answers that differ between photos, and are clear enough to survive rounding.
    network.image.weight.data *= 8
    network.eval()
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_sequencer(network, 32, path)
    return network, path


def test_exported_file_answers_as_the_network(data: Path, exported: tuple[Sequencer, Path]) -> None:
    network, path = exported
    tiles = load_tiles(read_garments(data, "val", TAXONOMY), None)
    crops = np.stack([tiles.served(i, 160) for i in range(12)])
    guides = np.array([[i % 7 - 1] for i in range(12)], np.int32)
    found = compare(network, 32, path, crops, guides)
    assert found["same"] == 1
    assert max(found["subs"], found["attributes"]) < 0.01
    for count in (1, 5):
        subs, attributes, sequences = onnx_answer(path)(crops[:count], guides[:count])
        assert subs.shape == (count, 32)
        assert attributes.shape == (count, TAXONOMY.attribute_count)
        assert sequences.shape == (count, VOCABULARY.longest)
        assert ((sequences >= -1) & (sequences < VOCABULARY.size)).all()
    for row, (guide,) in zip(onnx_answer(path)(crops, guides)[2], guides, strict=True):
        assert guide < 0 or TAXONOMY.super_of_sub[row[0]] == guide


def test_exported_file_keeps_its_contract(exported: tuple[Sequencer, Path]) -> None:
    model = onnx.load(exported[1])
    kinds = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    assert kinds == {"CROPS": onnx.TensorProto.FLOAT, "GUIDE_SUPERS": onnx.TensorProto.INT32}
    assert tuple(value.name for value in model.graph.output) == OUTPUTS
    assert model.graph.output[2].type.tensor_type.elem_type == onnx.TensorProto.INT32
    operators = {node.op_type for node in model.graph.node}
    assert not operators & {"Loop", "If", "Scan", "LSTM"}, "decoding is unrolled"
    assert any(w.data_type == onnx.TensorProto.FLOAT16 for w in model.graph.initializer)
    assert b"ootd_training" not in exported[1].read_bytes()


def test_measures_have_all_sources_guided_and_not(
    data: Path, exported: tuple[Sequencer, Path]
) -> None:
    tiles = load_tiles(read_garments(data, "val", TAXONOMY), None, 48)
    answer = torch_answer(ServedSequencer(exported[0]))
    found = measure_by_source(answer, tiles, VOCABULARY, 32)
    assert set(found) == {"unguided", "guided"}
    assert set(found["guided"]) == {"all", "catalog", "outfit"}
    whole, parts = (
        [found["guided"][name]["tokens"]["of"] for name in names]
        for names in (("all",), ("catalog", "outfit"))
    )
    assert whole[0] == sum(parts) > 0
    assert guides_of(tiles.garments, True)[0, 0] == tiles.garments[0].super_index
    likelihood = sequence_likelihood(exported[0], tiles, 32)
    assert 0 < likelihood["guided"] < likelihood["unguided"]


@pytest.fixture
def checkpoint(
    settings: SequencerSettings, exported: tuple[Sequencer, Path], tmp_path: Path
) -> Path:
    weights = exported[0].state_dict()
    state = {"average": weights, "settings": settings.saved(), "epoch": 1}
    torch.save(state, tmp_path / "last.pt")
    return tmp_path / "last.pt"


def test_evaluate_writes_a_report(
    data: Path,
    checkpoint: Path,
    exported: tuple[Sequencer, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reports = checkpoint.parent / "reports"
    arguments = ["ootd-evaluate", "sequencer", "--data", str(data), "--model", str(exported[1])]
    arguments += ["--checkpoint", str(checkpoint), "--report", str(reports)]
    monkeypatch.setattr("sys.argv", arguments)
    by_model.evaluate()
    page = (reports / "sequencer.md").read_text()
    assert re.search(r"\| efficientnet, unguided (\| \d\.\d+ ){6}\|", page), "with likelihoods"
    assert "| served, guided | – | – | – | " in page, "a file is measured on val alone"
    shown = capsys.readouterr().out
    assert page[: page.index("## In the form")].strip() in shown
    assert "## In the form" not in shown, "the page that was written has the rest"
