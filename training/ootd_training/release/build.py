"""Builds a release: the models of a runs folder as files, checked, under one manifest."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ootd_training.console.errors import CommandError
from ootd_training.models.base import Checkpoint, Differences
from ootd_training.models.detector.export import COMPARED_SCORE
from ootd_training.models.names import MODEL_NAMES
from ootd_training.models.registry import known_counts
from ootd_training.release import manifest, model_config
from ootd_training.release.checkpoints import (
    COMPARED_GARMENTS,
    COMPARED_PHOTOS,
    comparison,
    export_checkpoint,
    export_crop,
    load_checkpoint,
)
from ootd_training.release.install import copy_repository, install
from ootd_training.report.page import Page
from ootd_training.taxonomy import load_taxonomy
from ootd_training.whole_files import write_whole

TRAINED = MODEL_NAMES
REPORT = "release"
BUILT = "release"
"""Folder in a runs folder that a release is built in."""
TOLERANCE = 0.01
"""Largest difference from PyTorch of probabilities, scores and parts of embeddings."""
TOLERANCES = {"DETECTION_BOXES": 1.0, "SEQUENCE": 0.05}
"""The same of other outputs: pixels of the detector's input, share of sequences that differ."""


NOTHING = f"the network detects nothing above {COMPARED_SCORE:g} in the photos"
"""Why an output may have been compared nowhere."""


@dataclass(frozen=True)
class Release:
    """What was built: its manifest, and how far the exported files are from PyTorch."""

    folder: Path
    manifest: manifest.Manifest
    differences: Mapping[str, Differences]


def training_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """How a model was trained, and on how many garments of each source and split."""
    settings, state = checkpoint.settings, checkpoint.state
    counts = known_counts(checkpoint.model, checkpoint.path.parent, state, settings)
    garments = {
        source: sum(number for label, number in labels.items() if ":" not in label)
        for source, labels in counts.items()
    }
    return {
        "seed": settings["seed"],
        "epochs": state["epoch"],
        "steps": state["step"],
        "garments": garments,
    }


def rounded(differences: Differences) -> Differences:
    """Differences to the two digits that a manifest states."""
    return {
        name: None if value is None else float(f"{value:.2g}")
        for name, value in differences.items()
    }


def kept_training(repository: Path, exported: Sequence[str]) -> dict[str, Any]:
    """What an earlier manifest says of the training of the models that stay as they are.

    How far their files were from PyTorch when they were exported is part of it.
    """
    earlier = manifest.read(repository)
    known = earlier["models"] if earlier else {}
    return {
        name: known[name]["training"]
        for name in manifest.models(repository)
        if name not in exported
        and name in known
        and known[name]["sha256"]
        == manifest.digest(manifest.model_path(repository, name).read_bytes())
    }


def build(
    repository: Path,
    runs: Path,
    data: Path,
    names: Sequence[str],
    say: Callable[[str], None] = print,
) -> Release:
    """Build the release of the named models' checkpoints in `runs / "release"`.

    Everything else is as in `repository`, which stays untouched. CommandError if a checkpoint is
    missing, all models together are too large, or tensors are not those of the configurations.
    """
    checkpoints = [load_checkpoint(runs, name, data) for name in names]
    folder = runs / BUILT
    copy_repository(repository, folder)
    taxonomy = load_taxonomy(folder / "taxonomy.json")
    shown = comparison(data, taxonomy)
    training = kept_training(repository, names)
    found: dict[str, Differences] = {}
    export_crop(manifest.model_path(folder, "crop"))
    for checkpoint in checkpoints:
        name = checkpoint.model
        path = manifest.model_path(folder, name)
        found[name] = export_checkpoint(checkpoint, path, taxonomy, shown)
        training[name] = training_of(checkpoint) | {"differences": rounded(found[name])}
        say(f"{name}: {path.stat().st_size / 1e6:.2f} MB, {_shown(found[name])}")
    release = Release(folder, write_manifest(folder, training), found)
    report(release.manifest).write(runs)
    check(release)
    return release


def write_manifest(folder: Path, training: Mapping[str, Any]) -> manifest.Manifest:
    """Bring the configurations of a folder of models up to date and write its manifest."""
    model_config.update(folder)
    version = importlib.metadata.version("ootd-training")
    described = manifest.describe(folder, training, version)
    with write_whole(folder / manifest.FILE) as partial:
        partial.write_text(manifest.text(described))
    return described


def check(release: Release) -> None:
    """CommandError if a release is too large or not what its configurations say."""
    total = manifest.total_bytes(release.manifest)
    if total > manifest.MOST_BYTES:
        raise CommandError(
            f"all models together have {total / 1e6:.1f} MB, more than "
            f"{manifest.MOST_BYTES / 1e6:g} MB; train smaller ones (--width, --depth)"
        )
    faults = manifest.faults(release.folder)
    if faults:
        raise CommandError(f"{release.folder} is no release: {'; '.join(faults)}")


def far_from_torch(release: Release) -> list[str]:
    """Which outputs of the files are further from PyTorch than they may be."""
    return [
        f"{name}: {output} {_excess(output, difference)}"
        for name, differences in release.differences.items()
        for output, difference in differences.items()
        # A difference that is no number is too large as well.
        if difference is None or not difference <= TOLERANCES.get(output, TOLERANCE)
    ]


def _excess(output: str, difference: float | None) -> str:
    if difference is None:
        return f"was compared with PyTorch nowhere ({NOTHING})"
    return f"is {difference:.4g} from PyTorch, more than {TOLERANCES.get(output, TOLERANCE):g}"


def deliver(release: Release, repository: Path | None) -> None:
    """Put a release into the repository, or only say what it is.

    CommandError, and nothing is installed, if a file is too far from PyTorch.
    """
    far = far_from_torch(release)
    if far and repository is not None:
        raise CommandError(
            f"{'; '.join(far)}; nothing was installed: half precision or the exporter spoils these "
            "weights; train longer, or see --no-install"
        )
    for line in far:
        print(f"would not be installed: {line}; a short run may not survive half precision")
    total = manifest.total_bytes(release.manifest) / 1e6
    if repository is not None:
        install(release.folder, repository)
    where = release.folder if repository is None else repository
    print(f"release {release.manifest['id']}: {total:.2f} MB of models in {where}")
    print(f"report: {release.folder.parent / REPORT}.md")


def report(described: manifest.Manifest) -> Page:
    """A release on a page, from its manifest: files, training, largest differences from PyTorch."""
    page = Page(REPORT, f"Release {described['id']}")
    total = manifest.total_bytes(described) / 1e6
    fingerprints = described["fingerprints"]
    page.text(
        f"All models together have {total:.2f} MB; weights are in half precision. Taxonomy "
        f"version {described['taxonomy']['version']}. Fingerprint of stored vectors (embedder and "
        f"crop model) {fingerprints['vector']}, of all models and rules {fingerprints['graph']}."
    )
    head = ("model", "MB", "seed", "epochs", "steps", "garments trained on")
    page.table(head, [_row(name, entry) for name, entry in described["models"].items()])
    page.section("ONNX Runtime against PyTorch")
    page.text(
        "Largest absolute difference between the file and the network in single precision, on real "
        f"photos: {COMPARED_PHOTOS} outfit photos (detections above "
        f"{COMPARED_SCORE:g}), {COMPARED_GARMENTS} garments of each source. Boxes are in pixels of "
        "the detector's input; of sequences it is the share that differs. Measured when a model "
        "is exported; one that a release leaves as it is keeps what was found then."
    )
    rows = [
        row
        for name, entry in described["models"].items()
        if name in TRAINED
        for row in _difference_rows(name, (entry["training"] or {}).get("differences"))
    ]
    page.table(("output", "largest difference", "tolerance"), rows)
    return page


def _difference_rows(name: str, found: Differences | None) -> list[tuple[str, str, str]]:
    if found is None:
        return [(f"{name}: all outputs", "not recorded when it was exported", "–")]
    return [
        (
            f"{name}: {output}",
            f"nothing compared: {NOTHING}" if value is None else f"{value:.2g}",
            f"{TOLERANCES.get(output, TOLERANCE):g}",
        )
        for output, value in found.items()
    ]


def _row(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    size, training = f"{entry['bytes'] / 1e6:.2f}", entry["training"]
    if training is None:
        return (name, size, "–", "–", "–", "–")
    trained = sum(n for source, n in training["garments"].items() if source.endswith(", train"))
    numbers = (training["seed"], training["epochs"], f"{training['steps']:,}", f"{trained:,}")
    return (name, size, *map(str, numbers))


def _shown(differences: Differences) -> str:
    parts = (
        f"{output} {'nothing compared' if value is None else f'{value:.2g}'}"
        for output, value in differences.items()
    )
    return f"largest difference from PyTorch: {', '.join(parts)}"
