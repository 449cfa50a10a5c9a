"""The report of a training run."""

from __future__ import annotations

import json
import sys

import pytest
import torch
from torch import nn

from labelled_photos import write_data, write_drawn
from ootd_training.data.label_counts import box_counts, garment_counts
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.evaluation import run_report as report_run
from ootd_training.evaluation.run_report import write_run_report
from ootd_training.models.tagger.settings import TaggerSettings
from ootd_training.network.history import flat, read_history
from ootd_training.network.run import Run
from ootd_training.network.sessions import over_sessions
from ootd_training.report.page import Page
from ootd_training.report.plots import SHARE
from ootd_training.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()


def history_file(folder, epochs):
    path = folder / "history.jsonl"
    lines = [{"epoch": epoch, "minutes": number} for number, epoch in enumerate(epochs)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_epochs_that_were_trained_twice_count_once(tmp_path):
    lines = read_history(history_file(tmp_path, (1, 2, 3, 3, 4)))
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert lines[2]["minutes"] == 3


def test_a_run_that_was_begun_again_forgets_the_first(tmp_path):
    lines = read_history(history_file(tmp_path, (1, 2, 3, 1, 2)))
    assert [line["minutes"] for line in lines] == [3, 4]


def test_nested_figures_get_names():
    nested = {"catalog": {"super": 0.5, "of": {"top": 1}}, "side": 192}
    assert dict(flat(nested)) == {"catalog, super": 0.5, "catalog, of, top": 1, "side": 192}


def test_garments_are_counted_by_source_split_and_label(tmp_path):
    data = write_data(tmp_path)
    photos = PhotoSources(str(data), str(write_drawn(tmp_path / "drawn")))
    counts = garment_counts(photos, TAXONOMY)
    assert list(counts) == ["catalog, train", "outfit, train", "drawn, train"]
    assert counts["catalog, train"]["top"] == counts["catalog, train"]["top: t-shirt"] == 2
    assert counts["outfit, train"]["shoes: not known"] == counts["outfit, train"]["shoes"] == 8
    assert counts["drawn, train"]["bag: backpack"] == 2


def test_what_is_held_out_is_counted_apart(tmp_path):
    data = write_data(tmp_path)
    counts = garment_counts(PhotoSources(str(data), fold=0), TAXONOMY)
    assert list(counts) == ["catalog, train", "outfit, train", "catalog, held out",
                            "outfit, held out"]  # fmt: skip
    learnt, held_out = counts["outfit, train"]["shoes"], counts["outfit, held out"]["shoes"]
    assert held_out in (1, 2)
    assert learnt + held_out == 8


def test_boxes_are_counted_with_those_found_on_the_way(tmp_path):
    data = write_data(tmp_path)
    street = tmp_path / "street.json"
    street.write_text(json.dumps([{"photo": "a.jpg", "boxes": [[0, 0, 9, 9, 5.0]]}]))
    counts = box_counts(PhotoSources(str(data), limit=3, fold=0), street)
    assert counts["outfit, train"] == dict.fromkeys(TAXONOMY.supers, 0) | {
        "top": 3, "bottom": 3, "shoes": 3, "bag": 3,
    }  # fmt: skip
    assert sum(counts["catalog, held out"].values()) == 1, "every fourth of what is held out"
    assert counts["street, train"]["bag"] == 1


@pytest.fixture
def finished(tmp_path):
    """A run of two epochs of a tagger's settings, of which the last one was judged."""
    data = write_data(tmp_path / "photos")
    settings = TaggerSettings().changed(
        data=str(data),
        output=str(tmp_path / "secret" / "run"),
        epochs=2,
        seed=41,
        device="cpu",
        evaluate_every=2,
        fold=0,
    )
    run = Run(nn.Linear(3, 2), settings)
    run.counts = garment_counts(settings.photos, TAXONOMY)

    def epoch():
        run.epoch += 1
        return {"size": 64, "super": 1.5}

    run.fit(epoch, lambda: {"catalog": {"super": 0.75}, "outfit": {"super": None}})
    return run


def test_a_run_report_says_what_was_trained_on_what_and_how(finished):
    page = write_run_report("tagger", finished.settings)
    assert page == finished.output / "report.md"
    text = page.read_text()
    for line in (
        "| seed | 41 |",
        "| epochs | 2 of 2 |",
        "| super | 0.75 | – |",
        "| top: t-shirt | 2 | 0 | 0 | 0 |",
        "| learning_rate | 0.002 |",
        "| trunk, width | 0.55 |",
        f"| torch | {torch.__version__} |",
        "| device | CPU",
    ):
        assert line in text
    assert "secret" not in text, "folders of the machine are no one's"
    assert (finished.output / "report-curves.png").exists()


def test_a_run_report_names_the_model_that_it_started_from(finished):
    checkpoint = finished.output / "last.pt"
    state = torch.load(checkpoint, weights_only=True)
    state["settings"]["start"] = "/somewhere/full/tagger/last.pt"
    torch.save(state, checkpoint)
    text = write_run_report("tagger", finished.settings).read_text()
    assert "| start | tagger/last.pt |" in text


def test_figures_of_different_kinds_are_no_columns():
    page = Page("report", "Run")
    report_run._add_figures(page, {"nll": {"guided": 2.5}, "top1": {"super": 0.5, "sub": 0.25}})
    assert "| nll, guided | 2.5 |\n| top1, super | 0.5 |" in str(page)


def test_figures_above_one_are_in_the_picture():
    val = {"nll": {"guided": 3.5, "unguided": 3.0}, "top1": {"super": 0.5}}
    line = {"epoch": 4, "rate": 0.1, "loss": {"super": 1.5}, "held_out": val}
    courses = {panel.title: panel for panel in report_run._curves([line])}
    assert courses["Held-out fold, nll"].y_limits == (0, None)
    assert courses["Held-out fold, top1"].y_limits == SHARE


def test_likelihoods_have_an_axis_of_their_own_even_below_one():
    val = {"nll": 0.5, "all": {"sub": 0.25, "nll": 0.75}}
    line = {"epoch": 4, "rate": 0.1, "loss": {"super": 1.5}, "held_out": val}
    found = {(tuple(panel.lines), panel.y_limits) for panel in report_run._curves([line])}
    assert {(("nll",), (0, None)), (("sub",), SHARE)} <= found


@pytest.mark.parametrize(
    ("sizes", "lines"),
    [
        ((64, 64), None),
        ((64, 96), {"side": ([1, 2], [64, 96])}),
        (([256, 192], [256, 256]), {"height": ([1, 2], [256, 256]), "width": ([1, 2], [192, 256])}),
        (([192, 192], [256, 256]), {"side": ([1, 2], [192, 256])}),
    ],
)
def test_sizes_are_in_the_picture_where_they_change(sizes, lines):
    history = [
        {"epoch": epoch, "rate": 0.1, "loss": {"size": size, "super": 1.5}}
        for epoch, size in enumerate(sizes, 1)
    ]
    drawn = {panel.title: panel for panel in report_run._curves(history)}
    panel = drawn.get("Size of the training photos")
    assert (panel and {n: (list(x), list(y)) for n, (x, y) in panel.lines.items()}) == lines
    assert panel is None or panel.stairs


def rewritten(finished, **changes):
    """The run's report after changes of its checkpoint; None removes an entry."""
    path = finished.output / "last.pt"
    state = torch.load(path, weights_only=True) | changes
    torch.save({name: value for name, value in state.items() if value is not None}, path)
    return write_run_report("tagger", finished.settings).read_text()


def test_a_run_report_is_of_the_machine_and_data_of_the_training(finished):
    """What the checkpoint holds, not what is here now."""
    sessions = [
        {"before": 0, "device": "NVIDIA H200", "versions": {"torch": "1.0"}},
        {"before": 1, "device": "CPU (x86_64), 2 threads", "versions": {"torch": "1.0"}},
    ]
    counts = {"catalog, train": {"top": 7, "top: t-shirt": 7}}
    text = rewritten(finished, sessions=sessions, counts=counts)
    assert "| device | NVIDIA H200; from epoch 2 on CPU (x86_64), 2 threads |" in text
    assert "| torch | 1.0 |" in text
    assert "| top | 7 |" in text
    assert report_run.COUNTED_NOW not in text


def test_a_checkpoint_without_them_says_so(finished):
    text = rewritten(finished, sessions=None, counts=None)
    assert "| device | not recorded in the checkpoint; asked for: cpu, 1 CPU thread |" in text
    assert "holds no versions; these are of the machine that wrote this page" in text
    assert f"| torch | {torch.__version__} |" in text
    assert report_run.COUNTED_NOW in text
    assert "| top: t-shirt | 2 | 0 | 0 | 0 |" in text


def test_a_run_that_goes_on_elsewhere_keeps_what_was_before(finished):
    path = finished.output / "last.pt"
    state = torch.load(path, weights_only=True)
    here = state["sessions"]
    assert [session["before"] for session in here] == [0]
    again = Run(nn.Linear(3, 2), finished.settings)
    assert again.resume()
    assert again.sessions == here, "nothing has changed"
    elsewhere = [{**here[0], "device": "NVIDIA H200"}]
    torch.save({**state, "sessions": elsewhere}, path)
    again.resume()
    assert [session["before"] for session in again.sessions] == [0, 2]
    del state["sessions"]
    torch.save(state, path)
    again.resume()
    devices = [session["device"] for session in again.sessions]
    assert over_sessions(again.sessions, devices) == f"not recorded; from epoch 3 on {devices[0]}"


def test_a_report_is_written_anew_from_the_files_alone(finished, tmp_path, monkeypatch, capsys):
    state = torch.load(finished.output / "last.pt", weights_only=True)
    assert state["settings"] == finished.settings.saved()
    arguments = ["tagger", str(finished.output), "--to", str(tmp_path / "reports")]
    monkeypatch.setattr(sys, "argv", ["report", *arguments])
    report_run.main()
    text = (tmp_path / "reports" / "tagger-run.md").read_text()
    assert "| seed | 41 |" in text
    assert "(tagger-run-curves.png)" in text
    assert "tagger-run.md" in capsys.readouterr().out


def test_a_run_without_an_epoch_has_no_report(tmp_path):
    data = str(write_data(tmp_path))
    settings = TaggerSettings().changed(data=data, output=str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        write_run_report("tagger", settings)
