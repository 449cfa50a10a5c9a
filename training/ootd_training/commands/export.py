"""The console command `ootd-export`: checkpoints in, a checked release in the model repository out.

Without further options it exports every trained model of the runs folder. With --manifest it only
writes what is known of the files that are there, with --check it only tells whether repository and
manifest agree, with --tensorrt it builds the plans of the variant for GPUs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ootd_training.console.errors import CommandError, run_command
from ootd_training.console.options import add_repository_option, check_space, checked_repository
from ootd_training.data.data_folder import checked_data
from ootd_training.release import manifest
from ootd_training.release.install import finish

GIGABYTES = 0.2
"""Room for a second copy of the models."""


def parser() -> argparse.ArgumentParser:
    """The arguments of `ootd-export`."""
    result = argparse.ArgumentParser(prog="ootd-export", description=__doc__)
    task = result.add_mutually_exclusive_group()
    task.add_argument("--manifest", action="store_true", help="write release.json of what is there")
    task.add_argument("--check", action="store_true", help="only compare with release.json")
    task.add_argument("--tensorrt", action="store_true", help="build TensorRT plans from the files")
    result.add_argument("--data", help="folder of the labelled photos")
    result.add_argument(
        "--runs", type=Path, default=Path("training-runs/full"),
        help="folder with a checkpoint MODEL/last.pt of each model (default %(default)s)",
    )  # fmt: skip
    add_repository_option(result)
    result.add_argument(
        "--models", nargs="+", help="export these alone; the others stay as they are"
    )
    result.add_argument(
        "--no-install", action="store_true", help="leave the release in RUNS/release"
    )
    result.add_argument(
        "--report", type=Path,
        help="folder to write release.md to, the page of the repository's release",
    )  # fmt: skip
    return result


def run(arguments: Sequence[str]) -> None:
    """Do what the arguments say; CommandError where that can't be done."""
    options = parser().parse_args(arguments)
    repository = checked_repository(options.repository)
    if options.check:
        _check(repository)
    elif options.tensorrt:
        _build_plans(repository, options.models)
    elif options.manifest:
        _write_manifest(repository)
    else:
        export(options)
    if options.report:
        _write_page(repository, options.report)


def export(options: argparse.Namespace) -> None:
    """Build a release from checkpoints, check it, and put it into the repository."""
    from ootd_training.release import build as release  # noqa: PLC0415 - brings PyTorch along

    if not options.data:
        raise CommandError(
            "exported files are compared with PyTorch on real photos; name the folder of the "
            "labelled photos with --data"
        )
    data, repository, runs = checked_data(options.data), options.repository, options.runs
    unknown = sorted(set(options.models or ()) - set(release.TRAINED))
    if unknown:
        known = ", ".join(release.TRAINED)
        raise CommandError(f"there is no trained model {', '.join(unknown)}; there are {known}")
    check_space(runs, GIGABYTES)
    if finish(repository):
        print("completed the installation of a release that was interrupted")
    built = release.build(repository, runs, data, options.models or release.TRAINED)
    release.deliver(built, None if options.no_install else repository)


def _write_manifest(repository: Path) -> None:
    from ootd_training.release import build as release  # noqa: PLC0415 - brings PyTorch along

    finish(repository)
    written = release.write_manifest(repository, release.kept_training(repository, ()))
    _check(repository)
    print(f"release {written['id']}: wrote {repository / manifest.FILE}")


def _check(repository: Path) -> None:
    faults = manifest.faults(repository)
    if faults:
        raise CommandError("; ".join(faults))
    described = manifest.read(repository)
    assert described is not None
    total = manifest.total_bytes(described) / 1e6
    print(
        f"release {described['id']}: {len(described['models'])} models, {total:.2f} MB, as stated"
    )


def _write_page(repository: Path, folder: Path) -> None:
    from ootd_training.release.build import report  # noqa: PLC0415 - brings PyTorch along

    described = manifest.read(repository)
    if described is None:
        raise CommandError(f"{repository} holds no release: it lacks {manifest.FILE}")
    print(f"wrote {report(described).write(folder)}")


def _build_plans(repository: Path, names: Sequence[str] | None) -> None:
    from ootd_training.release.plans import build_plans  # noqa: PLC0415 - TensorRT is optional

    for path in build_plans(repository, names):
        print(f"built {path} ({path.stat().st_size / 1e6:.2f} MB)")


def main() -> None:
    """Entry point of `ootd-export`."""
    run_command("ootd-export", lambda: run(sys.argv[1:]))
