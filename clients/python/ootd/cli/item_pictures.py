"""Where the pictures of items are found: below the folders that hold the ingested photos."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from ootd import Item, draw
from ootd.cli.photos import PHOTO_SUFFIXES

_PREVIEW_SIDE = 640


class ItemPictures:
    """Finds the picture of an item by "image" (and "folder") of its payload, as ingest sets them.

    `folders` are looked through in their order. A payload comes from whoever may write to the
    catalogue, so a path out of the folder is not followed, and only files whose names end like a
    photo's are opened; an absolute path is that of an older ingest, and is opened likewise.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(dict.fromkeys(folders))
        self.missing: set[str] = set()

    def __call__(self, item: Item) -> Image.Image | None:
        """Return a small copy of an item's picture; None where it is not found or unreadable."""
        for path in self._candidates(item.payload):
            if path.suffix.lower() not in PHOTO_SUFFIXES or not _is_file(path):
                continue
            try:
                photo = draw.open_photo(path)
            except OSError:
                continue
            photo.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
            return photo
        self.missing.add(item.item_id)
        return None

    def _candidates(self, payload: bytes) -> list[Path]:
        try:
            values = json.loads(payload)
        except (ValueError, RecursionError):
            return []
        image = values.get("image") if isinstance(values, dict) else None
        if not isinstance(image, str) or not image:
            return []
        path = PurePosixPath(image)
        if path.is_absolute():
            return [Path(path)]
        if ".." in path.parts:
            return []
        found = [folder / path for folder in self._folders]
        name = values.get("folder")
        if isinstance(name, str) and name and name not in {".", ".."} and "/" not in name:
            found += [folder / name / path for folder in self._folders]
        return found


def folders_around(photos: Sequence[Path]) -> list[Path]:
    """Return where ingested photos may lie if nothing is said: here, and in and above the photos'
    own folders, nearest first.
    """
    found = [Path()]
    for photo in photos[:1]:
        found += photo.absolute().parents[:-1]
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # A NUL in the path.
        return False
