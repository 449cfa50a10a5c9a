"""What a run was computed with, session by session: the device, and versions that change sums."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from typing import Any

import torch

PACKAGES = ("ootd-training", "torch", "numpy", "onnx", "opencv-python-headless", "pillow")
"""Packages whose versions can change what a run gives."""

Session = dict[str, Any]
"""A part of a run: the epochs done `before` it, the name of its `device`, and `versions`."""


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


def new_session(device: torch.device, before: int = 0) -> Session:
    """The session of a run that begins now, after `before` epochs."""
    return {"before": before, "device": device_name(device), "versions": versions()}


def continued(sessions: Sequence[Session], now: Session) -> list[Session]:
    """The sessions of a run that goes on `now`: one more if anything has changed since."""
    last = sessions[-1] if sessions else None
    same = last is not None and all(last[key] == now[key] for key in ("device", "versions"))
    return [*sessions] if same else [*sessions, now]


def over_sessions(sessions: Sequence[Session], values: Sequence[str]) -> str:
    """What a value was over a run, `values` being those of its sessions.

    Epochs before the first session are of a version that recorded none.
    """
    parts = ["not recorded"] if sessions[0]["before"] else []
    last = ""
    for session, value in zip(sessions, values, strict=True):
        if value != last:
            epoch = session["before"]
            parts.append(f"from epoch {epoch + 1} on {value}" if epoch else value)
        last = value
    return "; ".join(parts)
