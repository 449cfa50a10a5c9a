"""The console command `ootd-data`: fetch public photos and weights, clean a folder of one's own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ootd_training.console.errors import run_command
from ootd_training.console.options import add_repository_option, checked_repository
from ootd_training.console.progress import Progress
from ootd_training.data.cleaning.duplicates import BITS, COLOUR_DISTANCE, DISTANCE
from ootd_training.data.cleaning.folder import REPORT, clean_folder
from ootd_training.data.fetch.layout import SOURCES_FOLDER, fetch
from ootd_training.data.fetch.weights import FOLDER, fetch_weights
from ootd_training.taxonomy import REPOSITORY, load_taxonomy


def parser() -> argparse.ArgumentParser:
    """The arguments of `ootd-data`."""
    top = argparse.ArgumentParser(prog="ootd-data", description=__doc__)
    tasks = top.add_subparsers(dest="task", required=True)
    _add_fetch(tasks)
    _add_weights(tasks)
    _add_clean(tasks)
    return top


def _add_fetch(tasks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fetching = tasks.add_parser(
        "fetch",
        help="download the two public sets of photos and lay them out for training",
        description="Download Clothing Co-Parsing and clothing-dataset and lay them out in one "
        "folder for ootd-train. Run it again to go on after an interruption, or to check all "
        "files; the test split goes into a subfolder of its own.",
    )
    fetching.add_argument("folder", type=Path, help="data folder to write")
    fetching.add_argument(
        "--ccp", type=Path, help="Clothing Co-Parsing, if you have it (not checked by checksums)"
    )
    fetching.add_argument(
        "--clothing-dataset", type=Path, help="clothing-dataset, if you have it (likewise)"
    )


def _add_weights(tasks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    weights = tasks.add_parser(
        "weights",
        help="download public weights that models can start from",
        description="Download EfficientNet-Lite0 (ImageNet) and YOLOX-nano (COCO), both "
        "Apache-2.0, into the folder weights of a data folder, for ootd-train --start pretrained. "
        "Run it again to check the files.",
    )
    weights.add_argument("folder", type=Path, help="data folder")
    weights.add_argument(
        "--given", type=Path, help="folder of the weights, if you have it (checked by checksums)"
    )


def _add_clean(tasks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    clean = tasks.add_parser(
        "clean",
        help="split descriptive images and drop duplicates of a folder of shop photos",
        description="Write the single pictures of a folder of shop photos into another folder, "
        f"each once, with {REPORT}: what was kept, split or dropped, and why.",
    )
    clean.add_argument("folder", type=Path, help="photos, also in subfolders")
    clean.add_argument("--output", type=Path, required=True, help="new or empty folder")
    clean.add_argument(
        "--distance",
        type=int,
        default=DISTANCE,
        help=f"bits of {BITS} in which the hashes of duplicates may differ (default %(default)s)",
    )
    clean.add_argument(
        "--colour-distance",
        type=float,
        default=COLOUR_DISTANCE,
        help="levels of 255 by which their colours may differ; 255 ignores colour "
        "(default %(default)s)",
    )
    clean.add_argument(
        "--majority",
        action="store_true",
        help="each subfolder has the photos of one item: drop those that don't show the "
        "sub-category of most of them, as the models of --repository name it",
    )
    add_repository_option(clean)


def sub_category_namer(repository: Path = REPOSITORY) -> Callable[[Image.Image], str]:
    """What names the sub-category of a picture: the models that are served."""
    # They bring PyTorch and ONNX Runtime along, which nothing else here needs.
    from ootd_training.evaluation.served_graph import ServedGraph  # noqa: PLC0415
    from ootd_training.models.tagger.measure import served_subs  # noqa: PLC0415

    graph = ServedGraph(checked_repository(repository))
    taxonomy = load_taxonomy(repository / "taxonomy.json")

    def name(photo: Image.Image) -> str:
        """What the best garment is, or the whole photo where nothing is detected."""
        found = graph.candidates(np.asarray(photo), graph.score_threshold)
        best = found.subs[:1] if len(found.subs) else found.whole
        return taxonomy.subs[int(served_subs(best, taxonomy)[0])]

    return name


def run(arguments: Sequence[str]) -> None:
    """Do what the arguments say; CommandError or OSError where that can't be done."""
    options = parser().parse_args(arguments)
    if options.task == "fetch":
        fetch(
            options.folder,
            Progress,
            _say,
            ccp=options.ccp,
            clothing_dataset=options.clothing_dataset,
        )
        print(f"{options.folder}: ready for ootd-train --data {options.folder}")
        return
    if options.task == "weights":
        sources = options.folder / SOURCES_FOLDER
        fetch_weights(options.folder, sources, Progress, _say, options.given)
        print(f"{options.folder / FOLDER}: ready for ootd-train MODEL --start pretrained")
        return
    counts = clean_folder(
        options.folder,
        options.output,
        Progress,
        distance=options.distance,
        colour_distance=options.colour_distance,
        sub_category=sub_category_namer(options.repository) if options.majority else None,
    )
    found = ", ".join(f"{counts[name]:,} {name}" for name in ("kept", "split", "dropped"))
    print(f"{options.output}: {found}; {options.output / REPORT} says why")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Entry point of `ootd-data`."""
    run_command("ootd-data", lambda: run(sys.argv[1:]))
