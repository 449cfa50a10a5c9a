"""Where `--draw` writes, and where the pictures of hits are found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from PIL import Image

from ootd import Hit, ImageAnalysis, ImageSearch, Item, draw
from ootd.cli.failures import SOME_FAILED
from ootd.cli.output import errors_console

_PREVIEW_SIDE = 640


class Target:
    """The file, or for several photos the folder, that pictures are written to.

    Raises typer.BadParameter where a file's name does not end like a picture's.
    """

    def __init__(self, out: Path, *, several: bool) -> None:
        self._folder = out if several or out.is_dir() else None
        self._file = out
        self._written: set[Path] = set()
        known = Image.registered_extensions()
        if self._folder is None and out.suffix.lower() not in known:
            raise typer.BadParameter(
                f"{out} does not end like a picture, such as out.png", param_hint="--draw"
            )

    def write_analysis(self, photo: Path, analysis: ImageAnalysis) -> None:
        """Draw a photo with its garments."""
        with _reported():
            picture = draw.draw_analysis(draw.open_photo(photo), analysis, caption=photo.name)
            self._save(photo, picture)

    def write_search(self, photo: Path, search: ImageSearch, *, hits: int) -> None:
        """Draw a photo with its garments and their hits."""
        with _reported():
            shown = draw.open_photo(photo)
            picture = draw.draw_search(shown, search, picture_of, caption=photo.name, hits=hits)
            self._save(photo, picture)

    def write_hits(self, item: Item, found: tuple[Hit, ...], *, hits: int) -> None:
        """Draw an item with its hits."""
        name = Path(item.item_id.replace("/", "-").replace(":", "-"))
        with _reported():
            self._save(name, draw.draw_hits(item, found, picture_of, hits=hits))

    def _save(self, photo: Path, picture: Image.Image) -> None:
        path = self._file if self._folder is None else self._free_name(self._folder, photo)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
        self._written.add(path)
        errors_console().print(f"wrote {path}", style="dim", markup=False)

    def _free_name(self, folder: Path, photo: Path) -> Path:
        path = folder / f"{photo.stem}.png"
        number = 2
        while path in self._written:
            path = folder / f"{photo.stem}-{number}.png"
            number += 1
        return path


@contextmanager
def _reported() -> Iterator[None]:
    """Turn a photo that cannot be read, or a picture that cannot be written, into a sentence."""
    try:
        yield
    except OSError as error:
        errors_console().print(f"Cannot draw: {error}", style="red", markup=False)
        raise typer.Exit(SOME_FAILED) from None


def picture_of(item: Item) -> Image.Image | None:
    """Return an item's picture: the file that "image" of its JSON payload names, as ingest sets it.

    None where the payload names none, or none that can be read on this machine.
    """
    try:
        payload = json.loads(item.payload)
    except ValueError:
        return None
    path = payload.get("image") if isinstance(payload, dict) else None
    if not isinstance(path, str):
        return None
    try:
        photo = draw.open_photo(path)
    except OSError:
        return None
    photo.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    return photo
