"""Small folders in the layout of the two public sets, and a git repository made of one."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

NAMES = ["null", "bag", "blouse", "coat", "dress", "hair", "pants", "shoes", "skin", "vest"]
TRAIN_OUTFITS, VAL_OUTFIT, TEST_OUTFIT = (1, 2), 5, 3
TRAIN_STREET, TEST_STREET = 1005, 1023


def label_map(height: int = 300, width: int = 200) -> np.ndarray:
    """A person with hair, blouse, pants, a pair of shoes and a bag."""
    labels = np.zeros((height, width), np.uint8)
    for name, (x0, y0, x1, y1) in {
        "hair": (80, 10, 120, 50),
        "skin": (85, 50, 115, 60),
        "blouse": (60, 60, 140, 150),
        "pants": (65, 150, 135, 260),
    }.items():
        labels[y0:y1, x0:x1] = NAMES.index(name)
    for x in (65, 110):
        labels[260:285, x : x + 25] = NAMES.index("shoes")
    labels[140:190, 140:170] = NAMES.index("bag")
    return labels


def photo_of(labels: np.ndarray, seed: int) -> Image.Image:
    """A photo with a colour for each label."""
    random = np.random.default_rng(seed)
    palette = np.full((len(NAMES), 3), (170, 160, 150))
    palette[NAMES.index("blouse")] = (200, 30, 40)
    palette[NAMES.index("pants")] = (30, 80, 160)
    palette[NAMES.index("shoes")] = (15, 15, 15)
    noisy = palette[labels] + random.normal(0, 3, (*labels.shape, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def write_ccp(folder: Path) -> Path:
    """Photos 1, 2 (train), 3 (test) and 5 (val) with pixel labels, 1005 and 1023 with tags."""
    for name in ("photos", "annotations/pixel-level", "annotations/image-level"):
        (folder / name).mkdir(parents=True)
    cells = np.empty((1, len(NAMES)), object)
    cells[0] = NAMES
    savemat(folder / "label_list.mat", {"label_list": cells})
    for number in (*TRAIN_OUTFITS, TEST_OUTFIT, VAL_OUTFIT):
        labels = label_map()
        photo_of(labels, number).save(folder / f"photos/{number:04d}.jpg", quality=95)
        savemat(folder / f"annotations/pixel-level/{number:04d}.mat", {"groundtruth": labels})
    for number in (TRAIN_STREET, TEST_STREET):
        photo_of(label_map(), number).save(folder / f"photos/{number:04d}.jpg", quality=95)
        tags = np.array([[NAMES.index(n)] for n in ("pants", "vest", "null", "bag", "pants")])
        savemat(folder / f"annotations/image-level/{number:04d}.mat", {"tags": tags})
    return folder


def write_clothing_dataset(folder: Path) -> Path:
    """Five photos: senders 48 (train), 999 (test); one label that is not used, one file twice."""
    (folder / "images").mkdir(parents=True)
    rows = [
        ("aaa", "48", "T-Shirt", "False", (200, 20, 30)),
        ("bbb", "999", "Pants", "True", (20, 40, 160)),
        ("ccc", "48", "Hat", "False", (0, 0, 0)),
        ("ddd", "48", "Skirt", "False", (20, 120, 40)),
        ("eee", "48", "Shorts", "False", (20, 120, 40)),
    ]
    with (folder / "images.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "sender_id", "label", "kids"])
        for name, sender, label, kids, colour in rows:
            table.writerow([name, sender, label, kids])
            photo = Image.new("RGB", (300, 400), (225, 222, 218))
            photo.paste(colour, (60, 80, 240, 320))
            photo.save(folder / f"images/{name}.jpg", quality=95)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; returns what it says."""
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    finished = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return finished.stdout.strip()


def commit_all(folder: Path) -> str:
    """Make a folder a git repository that serves single files; returns its one commit."""
    git(folder, "init", "--quiet")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(folder, "config", "core.autocrlf", "false")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "photos")
    return git(folder, "rev-parse", "HEAD")
