"""The demo's steps, one after the other."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ootd import Client, ImageError, ImageSearch, OotdError, draw
from ootd.cli.catalog_source import Row, SourceError, count_catalog, read_catalog
from ootd.cli.ingest_run import IngestRun
from ootd.cli.item_pictures import ItemPictures
from ootd.cli.photos import photo_files
from ootd.testing import GatewayProcess, GatewayProcessError
from ootd_demo.report import Report
from ootd_samples import write_samples

_NOT_FOR_A_DEMO = (
    "OOTD_TOKEN_FILE",
    "OOTD_TLS_CERTIFICATE_FILE",
    "OOTD_TLS_PRIVATE_KEY_FILE",
    "OOTD_TLS_CLIENT_CA_FILE",
    "OOTD_HEALTH_ADDRESS",
    "OOTD_DRAIN_DELAY_SECONDS",
)
_CALL_SECONDS = 60.0
_PATIENCE_SECONDS = 60.0
_LISTED_FAILURES = 10


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What to show. `photos` and `catalog` None: drawn ones, `outfits` and `items` of them.

    `k` is the number of hits in a picture, `most` the number of photos that are searched with.
    """

    photos: Path | None
    catalog: Path | None
    output: Path
    k: int = 5
    most: int = 24
    outfits: int = 6
    items: int = 60


def run_demo(
    options: DemoOptions, report: Report, command: Sequence[str] | None = None
) -> list[Path]:
    """Show everything once; return the pictures that were written.

    `command` starts another gateway than the one that is installed here. Raises DemoError, with the
    gateway stopped.
    """
    _check(options)
    options.output.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="ootd-demo-") as folder,
        _launched(folder, command) as gateway,
    ):
        report.say("Starting Triton and the gateway in the background")
        photos, catalog = _sources(options, report)
        with report.step("Waiting for the models"):
            _wait_until_ready(gateway, report)
        try:
            with Client(gateway.target, timeout_s=_CALL_SECONDS) as client:
                _ingest(client, catalog, report)
                found = _search(client, photos, options, report)
        except OotdError as error:
            raise DemoError(f"the gateway answered: {error.message}") from None
        report.table(found)
        pictures = _draw(found, catalog, options, report)
        with report.step("Stopping what was started"):
            gateway.stop()
    return pictures


@contextmanager
def _launched(folder: str, command: Sequence[str] | None) -> Iterator[GatewayProcess]:
    """A gateway that starts meanwhile, with an empty catalogue; stopped at the end.

    Settings in the environment hold for it, such as OOTD_MODEL_REPOSITORY.
    """
    environment = {key: one for key, one in os.environ.items() if key not in _NOT_FOR_A_DEMO}
    gateway = GatewayProcess(folder, command=command, environment=environment, metrics_address="")
    try:
        gateway.launch()
        yield gateway
    except GatewayProcessError as error:
        raise DemoError(str(error)) from None
    finally:
        gateway.stop()


def _wait_until_ready(gateway: GatewayProcess, report: Report) -> None:
    """Tell what the gateway says of its Triton; warnings are of no use while it starts."""

    def tell(event: dict[str, Any]) -> None:
        text = str(event.get("event", ""))
        if event.get("level") == "info" and "Triton" in text:
            report.say(f"  {text}")

    gateway.wait_until_ready(tell)


def _check(options: DemoOptions) -> None:
    for name, path in (("PHOTOS", options.photos), ("CATALOG", options.catalog)):
        if path is not None and not path.exists():
            raise DemoError(f"{name}: there is no {path}")
    folder = options.photos if options.photos and options.photos.is_dir() else None
    if folder is not None and next(photo_files(folder), None) is None:
        raise DemoError(f"PHOTOS: no photos in {folder}")
    if options.catalog is not None and next(_rows(options.catalog), None) is None:
        raise DemoError(f"CATALOG: no items in {options.catalog}")


def _rows(catalog: Path) -> Iterator[Row]:
    try:
        yield from read_catalog(catalog)
    except (SourceError, OSError) as error:
        raise DemoError(f"CATALOG: {error}") from None


def _sources(options: DemoOptions, report: Report) -> tuple[list[Path], Path]:
    """The photos to search with and the catalogue; what is not given is drawn."""
    photos: list[Path] = []
    if options.photos is not None:
        given = options.photos
        photos = list(photo_files(given)) if given.is_dir() else [given]
    if options.photos is not None and options.catalog is not None:
        return photos, options.catalog
    outfits = 0 if photos else options.outfits
    items = 0 if options.catalog else options.items
    with report.step("Drawing sample photos") as advance:
        index = write_samples(
            options.output / "samples",
            outfits=outfits,
            catalog=items,
            replace=True,
            progress=advance,
        )
    return photos or list(index.outfits), options.catalog or index.catalog_csv


def _ingest(client: Client, catalog: Path, report: Report) -> None:
    total = count_catalog(catalog)
    done, failures = 0, []
    with report.step("Ingesting the catalogue") as advance:
        run = IngestRun(
            client,
            _rows(catalog),
            patience_s=_PATIENCE_SECONDS,
            waits=lambda error, wait_s: report.say(f"  {error.message}; again in {wait_s:g} s"),
        )
        for outcome in run.outcomes():
            done += 1
            advance(done, total)
            if outcome.error is not None:
                failures.append(f"{outcome.image or outcome.item_id}: {outcome.error.message}")
    report.say(f"{done - len(failures)} items in the catalogue, {len(failures)} failed")
    for line in failures[:_LISTED_FAILURES]:
        report.say(f"  {line}")
    if len(failures) > _LISTED_FAILURES:
        report.say(f"  and {len(failures) - _LISTED_FAILURES} more")


def _search(
    client: Client, photos: list[Path], options: DemoOptions, report: Report
) -> list[tuple[Path, ImageSearch]]:
    chosen = photos[: options.most]
    if len(chosen) < len(photos):
        report.say(f"Taking the first {len(chosen)} of {len(photos)} photos (--most for more)")
    found: list[tuple[Path, ImageSearch]] = []
    seconds: list[float] = []
    with report.step("Searching with the photos") as advance:
        for number, photo in enumerate(chosen, start=1):
            begin = time.monotonic()
            try:
                found.append((photo, client.search_by_image(photo, k=options.k)))
            except ImageError as error:
                report.say(f"  {photo}: {error.message}")
            seconds.append(time.monotonic() - begin)
            advance(number, len(chosen))
    garments = sum(len(search.results) for _, search in found)
    median_ms = 1000 * statistics.median(seconds)
    report.say(f"{garments} garments in {len(found)} photos, {median_ms:.0f} ms a photo (median)")
    return found


def _draw(
    found: list[tuple[Path, ImageSearch]], catalog: Path, options: DemoOptions, report: Report
) -> list[Path]:
    picture_of = ItemPictures([catalog if catalog.is_dir() else catalog.parent])
    pictures: list[Path] = []
    with report.step("Drawing a picture of each search") as advance:
        for number, (photo, search) in enumerate(found, start=1):
            shown = draw.draw_search(
                draw.open_photo(photo), search, picture_of, caption=photo.name, hits=options.k
            )
            path = options.output / f"{number:03}-{photo.stem}.png"
            shown.save(path, compress_level=3)
            pictures.append(path)
            advance(number, len(found))
    return pictures
