"""The MATLAB files of Clothing Co-Parsing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from ootd_training.data.fetch.fetch_error import FetchError


def read_variable(path: Path, name: str) -> NDArray[np.generic]:
    """A variable of a MATLAB file; FetchError if the file or the variable cannot be read."""
    try:
        return np.asarray(loadmat(path)[name])
    except (OSError, KeyError, ValueError, TypeError, NotImplementedError, MatReadError) as error:
        text = f"{path}: no readable MATLAB file with {name!r} ({error}); fetch it anew"
        raise FetchError(text) from error


def read_label_names(folder: Path) -> list[str]:
    """Names of the labels 0, 1, 2, ... (0 is "null") from `label_list.mat`."""
    cells = read_variable(folder / "label_list.mat", "label_list").ravel()
    return [str(np.asarray(cell).ravel()[0]) for cell in cells]


def read_label_map(folder: Path, number: int) -> NDArray[np.uint8]:
    """Label of each pixel of a photo, u8[h, w]."""
    path = folder / "annotations" / "pixel-level" / f"{number:04d}.mat"
    return read_variable(path, "groundtruth").astype(np.uint8)


def read_tags(folder: Path, number: int, names: list[str]) -> list[str]:
    """Tags of a photo, each once, in alphabetical order, without "null"."""
    path = folder / "annotations" / "image-level" / f"{number:04d}.mat"
    indices = read_variable(path, "tags").ravel().astype(int)
    return sorted({names[index] for index in indices.tolist()} - {"null"})
