"""Where `--draw` writes: a file, or a file for each photo in a folder; nothing is lost unasked."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import typer
from PIL import Image

from ootd import Hit, ImageAnalysis, ImageSearch, Item, draw
from ootd.cli.exit_codes import OUTPUT_LOST, SOME_FAILED
from ootd.cli.failures import PhotoUnusableError
from ootd.cli.output import reason_of, say
from ootd.cli.photos import PhotoFile
from ootd.cli.printable import printable

LoadPicture = Callable[[Item], Image.Image | None]


class Target:
    """The file, or for several photos the folder, that pictures are written to.

    Raises typer.BadParameter, before anything is done, where a file's name does not end like a
    picture's, where a file is there already and `force` is not set, and where a photo itself would
    be replaced. With `skip_existing`, photos whose picture is there need not be drawn again.
    """

    def __init__(
        self, out: Path, photos: Sequence[PhotoFile], *, force: bool, skip_existing: bool = False
    ) -> None:
        if force and skip_existing:
            text = "give --force or --skip-existing, not both"
            raise typer.BadParameter(text, param_hint="--skip-existing")
        self._force = force
        self._paths = _plan(out, photos)
        taken = [path for path in self._paths.values() if path.exists() or path.is_symlink()]
        originals = [one.path for one in photos if one.path is not None]
        if any(_is_same(path, photo) for path in taken for photo in originals):
            raise _bad("a photo would be replaced by its picture; write it elsewhere")
        self._there = frozenset(taken) if skip_existing else frozenset()
        if taken and not force and not skip_existing:
            others = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
            raise _bad(
                f"{taken[0]}{others} would be replaced; --force does so, --skip-existing goes on"
            )

    def undrawn(self, photos: Sequence[PhotoFile]) -> list[PhotoFile]:
        """Return the photos whose pictures are not there yet, and say how many are."""
        left = [one for one in photos if self._paths[one.name] not in self._there]
        if self._there:
            say(f"{len(photos) - len(left)} of {len(photos)} pictures are there already", "dim")
        return left

    def write_analysis(self, photo: PhotoFile, analysis: ImageAnalysis) -> None:
        """Draw a photo with its garments."""
        with _reported():
            shown = draw.open_photo(photo.read())
            picture = draw.draw_analysis(shown, analysis, caption=printable(photo.title))
            self._save(photo.name, picture)

    def write_search(
        self, photo: PhotoFile, search: ImageSearch, picture_of: LoadPicture, *, hits: int
    ) -> None:
        """Draw a photo with its garments and their hits."""
        with _reported():
            shown = draw.open_photo(photo.read())
            caption = printable(photo.title)
            picture = draw.draw_search(shown, search, picture_of, caption=caption, hits=hits)
            self._save(photo.name, picture)

    def write_hits(
        self, item: Item, found: tuple[Hit, ...], picture_of: LoadPicture, *, hits: int
    ) -> None:
        """Draw an item with its hits."""
        with _reported():
            picture = draw.draw_hits(item, found, picture_of, hits=hits)
            self._save(next(iter(self._paths)), picture)

    def _save(self, name: str, picture: Image.Image) -> None:
        path = self._paths[name]
        encoded = io.BytesIO()
        picture.save(encoded, Image.registered_extensions()[path.suffix.lower()])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, encoded.getvalue(), force=self._force)
        except OSError as error:
            say(f"Cannot write {path}: {reason_of(error)}.")
            raise typer.Exit(OUTPUT_LOST) from None
        say(f"wrote {path}", "dim")


def _plan(out: Path, photos: Sequence[PhotoFile]) -> dict[str, Path]:
    """The picture's path of each photo, by the photo's name."""
    several = len(photos) > 1
    if not several and not out.is_dir():
        kinds = Image.registered_extensions()
        if kinds.get(out.suffix.lower()) not in Image.SAVE:
            raise _bad(f"{out} does not end like a picture, such as out.png, and is no folder")
        return {photos[0].name: out}
    if out.exists() and not out.is_dir():
        raise _bad(f"{out} is a file; {len(photos)} photos need a folder")
    paths: dict[str, Path] = {}
    used: set[str] = set()
    for photo in photos:
        stem = Path(printable(photo.title).replace("/", "-").replace(":", "-")).stem
        name, number = stem, 2
        while name.lower() in used:  # Some file systems take A.png for a.png.
            name = f"{stem}-{number}"
            number += 1
        used.add(name.lower())
        paths.setdefault(photo.name, out / f"{name}.png")
    return paths


def _write(path: Path, content: bytes, *, force: bool) -> None:
    """A full disk, or Ctrl-C, leaves no half of a picture, and what was there before stays."""
    written = path.with_name(f".{token_hex(8)}.part") if force else path
    with written.open("xb") as file:
        try:
            file.write(content)
            file.flush()
        except BaseException:  # Ctrl-C too.
            written.unlink()
            raise
    if force:
        written.replace(path)


def _is_same(path: Path, photo: Path) -> bool:
    try:
        return path.samefile(photo)
    except OSError:
        return False


def target_of(
    out: Path | None, photos: Sequence[PhotoFile], *, force: bool, skip_existing: bool
) -> Target | None:
    """Return where to draw, None without --draw; typer.BadParameter as Target raises it."""
    if out is not None:
        return Target(out, photos, force=force, skip_existing=skip_existing)
    if skip_existing:
        raise typer.BadParameter("belongs to --draw", param_hint="--skip-existing")
    return None


@contextmanager
def told_when_stopped(target: Target | None, photos: Sequence[PhotoFile]) -> Iterator[None]:
    """Tell at Ctrl-C how to go on, where there are several pictures to write."""
    try:
        yield
    except KeyboardInterrupt:
        if target is not None and len(photos) > 1:
            text = "Stopped; the same command with --skip-existing goes on where it ended."
            say(text, "yellow")
        raise


def _bad(text: str) -> typer.BadParameter:
    return typer.BadParameter(printable(text), param_hint="--draw")


@contextmanager
def _reported() -> Iterator[None]:
    """Turn a photo that cannot be read into a sentence."""
    try:
        yield
    except (OSError, PhotoUnusableError) as error:
        what = reason_of(error) if isinstance(error, OSError) else str(error)
        where = f" {error.filename}" if isinstance(error, OSError) and error.filename else ""
        say(f"Cannot draw{where}: {what}.")
        raise typer.Exit(SOME_FAILED) from None
