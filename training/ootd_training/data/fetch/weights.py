"""Public weights to start from: whose they are, and how they are fetched and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.data.fetch.git_files import Source, fetch_source
from ootd_training.whole_files import write_whole

FOLDER = "weights"
"""Name in the data folder."""
SOURCES = "SOURCES.md"


@dataclass(frozen=True)
class PublicWeights:
    """A file of weights in a public repository: where it lies there, whose it is, what it must be.

    It comes to `weights/{folder}/{file}` of the data folder.
    """

    folder: str
    source: Source
    path: str
    sha256: str
    about: str

    @property
    def file(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


EFFICIENTNET_LITE0 = PublicWeights(
    folder="efficientnet_lite0",
    source=Source(
        name="efficientnet-lite0",
        url="https://github.com/abigaelkumar/FloralFinder",
        commit="a9828ae8755cf11a21af0457d4c1503fd24e7aee",
        wanted=("finish/src/main/ml/FlowerModel.tflite", "README.md"),
        option="--given",
    ),
    path="finish/src/main/ml/FlowerModel.tflite",
    sha256="774e2e36c790cb4becb6f9440323a4f95bbf743740b3da06abc32d6e52b3133f",
    about="EfficientNet-Lite0 learnt from ImageNet (Google, github.com/tensorflow/tpu; "
    "Apache-2.0), as a classifier of flowers has it, whose head alone was trained (The Android "
    "Open Source Project; Apache-2.0).",
)
YOLOX_NANO = PublicWeights(
    folder="yolox_nano",
    source=Source(
        name="yolox-nano",
        url="https://github.com/Kazuhito00/YOLOX-ONNX-TFLite-Sample",
        commit="3d4f1119d0694200671c08069ecb847aa0d8495a",
        wanted=("model/yolox_nano.onnx", "LICENSE"),
        option="--given",
    ),
    path="model/yolox_nano.onnx",
    sha256="695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
    about="YOLOX-nano learnt from COCO (Megvii, github.com/Megvii-BaseDetection/YOLOX; "
    "Apache-2.0).",
)
ALL = (EFFICIENTNET_LITE0, YOLOX_NANO)


def fetch_weights(
    target: Path,
    sources: Path,
    progress: Callable[[str, int], Callable[[int], None]],
    say: Callable[[str], None],
    given: Path | None = None,
) -> None:
    """Make the data folder `target` hold all public weights, and a page that says whose they are.

    They are fetched into the folder `sources`, or copied from a folder `given`, which has them as
    `weights` of a data folder does. FetchError if a file is missing, is another than it must be, or
    cannot be fetched.
    """
    lines = ["# Weights of others", ""]
    for public in ALL:
        if given is None:
            folder = fetch_source(public.source, sources / public.source.name, progress, say)
            found = folder / public.path
        else:
            found = given / public.folder / public.file
        content = _checked(found, public)
        path = target / FOLDER / public.folder / public.file
        if not path.is_file() or path.read_bytes() != content:
            with write_whole(path) as part:
                part.write_bytes(content)
        lines.append(
            f"- `{public.folder}/{public.file}`: {public.about} From {public.source.url}, commit "
            f"{public.source.commit}, `{public.path}`, SHA-256 {public.sha256}."
        )
    with write_whole(target / FOLDER / SOURCES) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _checked(path: Path, public: PublicWeights) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FetchError(f"{path}: cannot be read ({error}); fetch it anew") from error
    if hashlib.sha256(content).hexdigest() != public.sha256:
        raise FetchError(f"{path}: is not the file of {public.source.url}; remove it, run again")
    return content
