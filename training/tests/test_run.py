"""A run's average, settings and history, and files that are written whole."""

from __future__ import annotations

import copy
import json

import pytest
import torch
from torch import nn

from ootd_training.models.names import MODEL_NAMES
from ootd_training.models.registry import MODELS
from ootd_training.models.tagger.settings import TaggerSettings
from ootd_training.network.history import read_history
from ootd_training.network.run import Run
from ootd_training.network.run_settings import RunSettings
from ootd_training.whole_files import write_whole


def small_run(tmp_path, **values):
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    settings = TaggerSettings().changed(output=str(tmp_path), device="cpu", **values)
    return Run(network, settings)


def trained(run, steps):
    """Train on random numbers; yield after each step."""
    run.network.train()
    for _ in range(steps):
        run.update(run.network(torch.rand(2, 3, 8, 8)).square().mean())
        yield


def test_the_average_follows_the_weights_as_its_formula_says(tmp_path):
    """Weights and statistics of batch norms alike; counters are those of the last step."""
    run = small_run(tmp_path, ema_decay=0.5, epochs=100)
    expected = copy.deepcopy(run.network.state_dict())
    for step, _ in enumerate(trained(run, 12), 1):
        decay = min(0.5, (1 + step) / (10 + step))
        for name, value in run.network.state_dict().items():
            if value.is_floating_point():
                expected[name].lerp_(value, 1 - decay)
            else:
                expected[name].copy_(value)
    found = run.average.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert not torch.equal(found["0.weight"], run.network.state_dict()["0.weight"])
    assert not run.average.training


def test_the_average_goes_on_as_it_was_after_resuming(tmp_path):
    whole = small_run(tmp_path)
    batches = [torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(i)) for i in range(6)]
    for index, batch in enumerate(batches):
        whole.network.train()
        whole.update(whole.network(batch).square().mean())
        if index == 2:
            whole.save()
    again = small_run(tmp_path)
    assert again.resume()
    for batch in batches[3:]:
        again.network.train()
        again.update(again.network(batch).square().mean())
    for name, value in whole.average.state_dict().items():
        assert torch.equal(value, again.average.state_dict()[name]), name


def test_a_checkpoint_of_an_earlier_version_is_gone_on_with(tmp_path):
    """It named the sessions otherwise; its settings were as flat as they still are."""
    small_run(tmp_path).save()
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    state["sittings"] = [{**state.pop("sessions")[0], "device": "another"}]
    assert {"epochs", "data", "batch", "drawn", "learning_rate"} <= state["settings"].keys()
    torch.save(state, tmp_path / "last.pt")
    run = small_run(tmp_path)
    assert run.resume()
    assert run.sessions[0]["device"] == "another"
    assert len(run.sessions) == 2


def test_each_epoch_is_recorded_and_reported_once(tmp_path):
    run = small_run(tmp_path, epochs=3, evaluate_every=2)

    def train_epoch():
        run.epoch += 1
        return {"super": 1.0}

    told = []
    run.fit(train_epoch, lambda: {"right": 0.5}, told.append)
    assert [(epoch.epoch, epoch.held_out) for epoch in told] == [
        (1, None), (2, {"right": 0.5}), (3, {"right": 0.5}),
    ]  # fmt: skip
    lines = read_history(tmp_path / "history.jsonl")
    assert [json.loads(epoch.line()) for epoch in told] == lines
    assert "held_out" not in lines[0]


def test_settings_are_changed_by_the_names_of_their_fields():
    settings = TaggerSettings().changed(epochs=3, data="photos", batch=8)
    assert (settings.run.epochs, settings.photos.data, settings.batch) == (3, "photos", 8)
    assert settings.run.seed == TaggerSettings().run.seed
    with pytest.raises(TypeError, match="bach"):
        settings.changed(bach=8)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_no_setting_of_a_model_hides_one_of_every_run(name):
    defaults = MODELS[name].defaults
    parts = (*vars(defaults.run), *vars(defaults.photos))
    own = vars(defaults).keys() - {"run", "photos"}
    assert set(RunSettings.__dataclass_fields__) <= set(parts)
    assert not own & set(parts)
    assert len(defaults.saved()) == len(parts) + len(own)


def test_a_block_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "new" / "a.json"
    with write_whole(path) as partial:
        partial.write_text("whole")
        assert not path.exists()

    def fail():
        with write_whole(path) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "whole"
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def test_a_shared_file_is_written_beside_what_another_process_writes(tmp_path):
    path = tmp_path / "a.npz"
    with write_whole(path) as one, write_whole(path, shared=True) as other:
        assert one != other
        assert one.suffix == other.suffix == ".npz"
        one.write_text("1")
        other.write_text("2")
    assert path.read_text() == "1"
