"""`ootd analyze`: the garments of photos."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ootd import (
    DEFAULT_TARGET,
    Client,
    ImageAnalysis,
    ImageError,
    OotdError,
    Photo,
)
from ootd.cli import failures, options, pictures
from ootd.cli.output import (
    analysis_json,
    analysis_table,
    errors_console,
    print_json,
    tables_console,
)
from ootd.cli.photos import expand

Answer = tuple[Path, ImageAnalysis | None, OotdError | None]


def analyze(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO", help="Photos or folders.")],
    *,
    category: options.Category = None,
    region: options.RegionText = None,
    score_threshold: options.ScoreThreshold = None,
    attribute_model: options.AttributeModelName = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT", help="Write the photo with its boxes here; a folder for several photos."
        ),
    ] = None,
    as_json: options.AsJson = False,
    server: options.Server = DEFAULT_TARGET,
    token: options.Token = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT_S,
    tls: options.Tls = False,
    root_certificates: options.RootCertificates = None,
) -> None:
    """Tell which garments are in photos."""
    known = options.parse_guide(category, region)
    paths = expand(photos)
    asked = [
        Photo(str(number), path, *known, score_threshold, attribute_model)
        for number, path in enumerate(paths)
    ]
    drawing = pictures.Target(draw, several=len(paths) > 1) if draw else None
    failed: list[OotdError] = []
    with options.connect(
        server, token, timeout, tls=tls, root_certificates=root_certificates
    ) as client:
        for path, analysis, error in _answers(client, asked, paths):
            if error is not None:
                failed.append(error)
                _report_failure(path, error, server, as_json=as_json)
                continue
            assert analysis is not None
            if as_json:
                line = analysis_json(analysis.garments, analysis.dropped)
                print_json({"image": str(path), **line})
            else:
                tables_console().print(analysis_table(str(path), analysis), "")
            if drawing is not None:
                drawing.write_analysis(path, analysis)
    if failed:
        gone = len(failed) == len(paths) and failures.exit_code(failed[-1]) == failures.UNAVAILABLE
        raise typer.Exit(failures.UNAVAILABLE if gone else failures.SOME_FAILED)


def _report_failure(path: Path, error: OotdError, server: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"image": str(path), "error": failures.as_json(error)})
    text = f"{path}: {failures.sentence(error, server)}"
    errors_console().print(text, style="red", markup=False)


def _answers(client: Client, photos: list[Photo], paths: list[Path]) -> Iterator[Answer]:
    """Yield the answers in order; after a broken stream its error for all that is left."""
    if len(photos) == 1:
        yield _single(client, photos[0], paths[0])
        return
    answered = 0
    try:
        for result in client.analyze_images(photos):
            yield paths[answered], result.analysis, result.error
            answered += 1
    except OotdError as error:
        for path in paths[answered:]:
            yield path, None, error


def _single(client: Client, photo: Photo, path: Path) -> Answer:
    try:
        analysis = client.analyze_image(
            photo.image,
            category=photo.category,
            region=photo.region,
            score_threshold=photo.score_threshold,
            attribute_model=photo.attribute_model,
        )
    except OSError as error:
        return path, None, ImageError(f"cannot read the photo: {error}", reason="IMAGE_UNREADABLE")
    except OotdError as error:
        return path, None, error
    return path, analysis, None
