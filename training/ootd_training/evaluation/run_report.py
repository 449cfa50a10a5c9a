"""The report of a training run, from its history and its checkpoint.

``python -m ootd_training.evaluation.run_report tagger training-runs/full/tagger`` writes it anew;
with ``--to training/reports`` it becomes `tagger-run.md` there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ootd_training.data.folds import NO_FOLD
from ootd_training.data.label_counts import Counts
from ootd_training.models.registry import known_counts
from ootd_training.network.history import HISTORY, flat, read_history
from ootd_training.network.run import CHECKPOINT, PLACES, saved_sessions
from ootd_training.network.run_settings import TrainingSettings
from ootd_training.network.sessions import PACKAGES, Session, new_session, over_sessions
from ootd_training.report.page import Page
from ootd_training.report.plots import SHARE, Line, Panel, panels

LIKELIHOOD = "nll"
"""Figures under this name are in nats; all others of a run are shares, 0 to 1."""
COUNTED_NOW = (
    "The checkpoint holds no counts; these are of the photos that were there when this page was "
    "written."
)


def _lines(history: list[dict[str, Any]], part: str) -> dict[str, Line]:
    """The course of each figure of a part; whole numbers are settings in force, not figures."""
    lines: dict[str, tuple[list[float], list[float]]] = {}
    for line in history:
        for name, value in flat(line.get(part, {})):
            if isinstance(value, float):
                x, y = lines.setdefault(name, ([], []))
                x.append(line["epoch"])
                y.append(value)
    return dict(lines)


def _curves(history: list[dict[str, Any]]) -> list[Panel]:
    epochs = [line["epoch"] for line in history]
    whole = (0, 1.02 * epochs[-1])  # room for a dot at the end
    rate: dict[str, Line] = {"rate": (epochs, [line["rate"] for line in history])}
    parts = [
        Panel(
            "Loss of the training photos",
            "epoch",
            "mean of the epoch",
            _lines(history, "loss"),
            x_limits=whole,
            y_limits=(0, None),
        ),
        Panel(
            "Learning rate", "epoch", "after the epoch", rate, x_limits=whole, y_limits=(0, None)
        ),
    ]
    sizes = _sizes(history)
    if any(len(set(values)) > 1 for _, values in sizes.values()):
        largest = max(value for _, values in sizes.values() for value in values)
        parts.append(
            Panel(
                "Size of the training photos", "epoch", "pixels", sizes, x_limits=whole,
                y_limits=(0, 1.1 * largest), stairs=True,
            )
        )  # fmt: skip
    return [*parts, *_held_out_panels(history, whole)]


def _sizes(history: list[dict[str, Any]]) -> dict[str, Line]:
    """Size of the photos that each epoch learnt from: height and width, or the side of a square."""
    known = [line for line in history if "size" in line.get("loss", {})]
    epochs = [line["epoch"] for line in known]
    sizes = [line["loss"]["size"] for line in known]
    pairs = [size if isinstance(size, list) else (size, size) for size in sizes]
    if all(height == width for height, width in pairs):
        return {"side": (epochs, [height for height, _ in pairs])}
    columns = zip(*pairs, strict=True)
    return {n: (epochs, c) for n, c in zip(("height", "width"), columns, strict=True)}


def _held_out_panels(history: list[dict[str, Any]], whole: tuple[float, float]) -> list[Panel]:
    """Figures of the held-out fold by group; likelihoods never share an axis with shares."""
    groups: dict[tuple[str, bool], dict[str, Line]] = {}
    for name, line in _lines(history, "held_out").items():
        group, _, figure = name.partition(", ")
        likelihood = LIKELIHOOD in name.split(", ")
        groups.setdefault((group if figure else "", likelihood), {})[figure or name] = line
    parts = []
    for (group, likelihood), lines in groups.items():
        title = "Held-out fold" + (f", {group}" if group else "")
        label, limits = ("nats a token", (0, None)) if likelihood else ("share", SHARE)
        parts.append(
            Panel(title, "epoch", label, lines, x_limits=whole, y_limits=limits, dots=True)
        )
    return parts


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "–" if value is None else str(value)


def _device(sessions: Sequence[Session], settings: Mapping[str, Any]) -> str:
    if not sessions:
        threads = settings["threads"]
        asked = f"{settings['device']}, {threads} CPU thread{'s' if threads != 1 else ''}"
        return f"not recorded in the checkpoint; asked for: {asked}"
    return over_sessions(sessions, [session["device"] for session in sessions])


def _add_versions(page: Page, sessions: Sequence[Session]) -> None:
    page.section("Versions")
    if not sessions:
        page.text(
            "The checkpoint holds no versions; these are of the machine that wrote this page."
        )
        sessions = [new_session(torch.device("cpu"))]
    rows = []
    for name in ("Python", *PACKAGES):
        known = [session["versions"].get(name, "not recorded") for session in sessions]
        rows.append((name, over_sessions(sessions, known)))
    page.table(("package", "version"), rows)


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings as rows; of folders and files the last part of the path alone.

    All checkpoints have one name, so their folder's comes before it.
    """
    rows = []
    for name, value in flat(settings):
        text = value
        if name in PLACES and isinstance(value, str) and name != "device":
            path = Path(value)
            text = "/".join(path.parts[-2:]) if path.name == CHECKPOINT else path.name or "none"
        rows.append((name, json.dumps(text) if isinstance(text, list | tuple) else _text(text)))
    return rows


def _add_counts(page: Page, counts: Counts) -> None:
    labels = list(dict.fromkeys(label for column in counts.values() for label in column))
    rows = []
    for label in labels:
        numbers = [column.get(label, 0) for column in counts.values()]
        if any(numbers):
            rows.append([label, *(f"{n:,}" for n in numbers)])
    sums = [sum(n for label, n in c.items() if ":" not in label) for c in counts.values()]
    page.table(("garments", *counts), [*rows, ["**all**", *(f"**{n:,}**" for n in sums)]])


def _add_figures(page: Page, figures: Mapping[str, Any]) -> None:
    """The last held-out figures: a column for each source if they have most in common."""
    columns = {
        s: dict(flat(values)) for s, values in figures.items() if isinstance(values, Mapping)
    }
    names = dict.fromkeys(name for values in columns.values() for name in values)
    common = sum(map(len, columns.values())) > len(columns) * len(names) / 2
    if common and len(columns) == len(figures):
        rows = [[n, *(_text(values.get(n)) for values in columns.values())] for n in names]
        page.table(("figure", *columns), rows)
    else:
        page.table(("figure", "held out"), [[name, _text(value)] for name, value in flat(figures)])


def run_report(
    model: str, folder: Path, name: str = "report", moved: Mapping[str, Any] | None = None
) -> Page:
    """The report of the run in this folder: data, settings, machine, curves and last figures.

    `moved` are settings whose photos have moved since (`data`, `drawn`, `street`); they are read
    only where the checkpoint holds no counts. FileNotFoundError if the run has not finished an
    epoch yet.
    """
    history = read_history(folder / HISTORY)
    state = torch.load(folder / CHECKPOINT, weights_only=True, map_location="cpu")
    settings = state["settings"]
    weights = sum(value.numel() for value in state["average"].values())
    sessions = saved_sessions(state)
    judged = [line for line in history if "held_out" in line]
    page = Page(name, f"Training run: {model}")
    facts = {
        "seed": str(settings["seed"]),
        "epochs": f"{state['epoch']} of {settings['epochs']}",
        "steps": f"{state['step']:,}",
        "training time": f"{state['seconds'] / 60:.1f} minutes, judging and decoding not counted",
        "device": _device(sessions, settings),
        "weights and running statistics": f"{weights:,}",
    }
    page.table(("run", ""), list(facts.items()))
    page.section("Figures on the held-out fold")
    if judged:
        page.text(f"After epoch {judged[-1]['epoch']}, with the averaged weights.")
        _add_figures(page, judged[-1]["held_out"])
    else:
        page.text(
            "The run learnt from all of train: nothing was held out to judge it by. The report of "
            "the released file has its figures on val."
            if settings.get("fold", NO_FOLD) == NO_FOLD
            else "Not judged yet."
        )
    page.section("Course")
    page.picture(
        "curves", "loss, learning rate and held-out figures by epoch", panels(_curves(history))
    )
    page.section("Data")
    if not state.get("counts"):
        page.text(COUNTED_NOW)
    _add_counts(page, known_counts(model, folder, state, {**settings, **(moved or {})}))
    page.section("Settings")
    page.table(("setting", "value"), _settings(settings))
    _add_versions(page, sessions)
    return page


def write_run_report(model: str, settings: TrainingSettings) -> Path:
    """Write `report.md` into the output folder of the run with these settings.

    Returns the page's path.
    """
    folder = Path(settings.run.output)
    return run_report(model, folder, moved=settings.saved()).write(folder)


def main() -> None:
    """Write the report of a run anew, from its checkpoint and history."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("model", help="what was trained, such as detector")
    parser.add_argument("folder", type=Path, help="the run's output folder")
    parser.add_argument("--data", type=Path, help="folder of the labelled photos, if it has moved")
    parser.add_argument(
        "--to", type=Path, help="folder to write MODEL-run.md to, not into the run's"
    )
    options = parser.parse_args()
    name = f"{options.model}-run" if options.to else "report"
    moved = {"data": options.data} if options.data else {}
    page = run_report(options.model, options.folder, name, moved)
    print(f"wrote {page.write(options.to or options.folder)}")


if __name__ == "__main__":
    main()
