"""What a run was computed with: the device and the versions that can change its sums."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from typing import Any

import torch

PACKAGES = ("ootd-training", "torch", "numpy", "onnx", "opencv-python-headless", "pillow")
"""Packages whose versions can change what a run gives."""

Sitting = dict[str, Any]
"""A stretch of a run: the epochs done `before` it, the name of its `device`, and `versions`."""


def device_name(device: torch.device) -> str:
    """The device as it is named to readers: a GPU's product, or the kind of CPU and its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU ({platform.machine()}), {threads} thread{'s' if threads != 1 else ''}"


def versions() -> dict[str, str]:
    """The version of Python and of each package that matters."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def sitting(device: torch.device, before: int = 0) -> Sitting:
    """The stretch of a run that begins now, after `before` epochs."""
    return {"before": before, "device": device_name(device), "versions": versions()}


def continued(sittings: Sequence[Sitting], now: Sitting) -> list[Sitting]:
    """The stretches of a run that goes on `now`: one more if anything has changed since."""
    last = sittings[-1] if sittings else None
    same = last is not None and all(last[key] == now[key] for key in ("device", "versions"))
    return [*sittings] if same else [*sittings, now]


def course(sittings: Sequence[Sitting], values: Sequence[str]) -> str:
    """What a value was over a run, `values` being those of its stretches.

    Epochs before the first stretch are of a version that recorded none.
    """
    parts = ["not recorded"] if sittings[0]["before"] else []
    last = ""
    for stretch, value in zip(sittings, values, strict=True):
        if value != last:
            epoch = stretch["before"]
            parts.append(f"from epoch {epoch + 1} on {value}" if epoch else value)
        last = value
    return "; ".join(parts)
