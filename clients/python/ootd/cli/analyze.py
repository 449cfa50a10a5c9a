"""`ootd analyze`: the garments of photos."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ootd import Client, ImageAnalysis, OotdError, Photo
from ootd.cli import connection, options, pictures
from ootd.cli.failures import PhotoUnusableError
from ootd.cli.json_lines import analysis_json
from ootd.cli.output import print_json, print_table
from ootd.cli.photo_failures import Failure, PhotoFailures
from ootd.cli.photos import PhotoFile, expand
from ootd.cli.tables import analysis_table

Answer = tuple[PhotoFile, ImageAnalysis | None, Failure | None]


@connection.with_connection
def analyze(
    context: typer.Context,
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO", help="Photos or folders; - is standard input."),
    ],
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
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
    as_json: options.AsJson = False,
    histogram: options.Histogram = False,
) -> None:
    """Tell which garments are in photos."""
    looking = options.parse_looking(category, region, score_threshold, attribute_model)
    files = expand(photos)
    drawing = pictures.target_of(draw, files, force=force, skip_existing=skip_existing)
    if drawing is not None:
        files = drawing.undrawn(files)
    with connection.gateway(context) as client, pictures.told_when_stopped(drawing, files):
        failed = PhotoFailures(files, client.target, as_json=as_json)
        for photo, analysis, error in _answers(client, files, looking, failed):
            if error is not None:
                failed.add(photo, error)
                continue
            assert analysis is not None
            if as_json:
                print_json(analysis_json(photo.name, analysis, histogram=histogram))
            else:
                print_table(analysis_table(photo.name, analysis), "")
            if drawing is not None:
                drawing.write_analysis(photo, analysis)
    if code := failed.finish():
        raise typer.Exit(code)


def _answers(
    client: Client, photos: Sequence[PhotoFile], looking: options.Looking, failed: PhotoFailures
) -> Iterator[Answer]:
    """Yield the answers in order; after a broken stream its error for all that is left."""
    if len(photos) == 1:
        yield _single(client, photos[0], looking)
        return
    refused: deque[tuple[int, PhotoUnusableError]] = deque()
    answered = 0
    try:
        for result in client.analyze_images(_asked(photos, looking, refused)):
            number = int(result.correlation_id)
            while refused and refused[0][0] < number:
                place, unusable = refused.popleft()
                yield photos[place], None, unusable
            yield photos[number], result.analysis, result.error
            answered = number + 1
    except OotdError as error:
        broken = dict(refused.copy())
        for place in range(answered, len(photos)):
            yield photos[place], None, broken.get(place, error)
        failed.stop(error)
        return
    for place, unusable in refused:
        yield photos[place], None, unusable


def _asked(
    photos: Sequence[PhotoFile],
    looking: options.Looking,
    refused: deque[tuple[int, PhotoUnusableError]],
) -> Iterator[Photo]:
    """Runs in the stream's thread: a photo is read when there is room for it."""
    for number, photo in enumerate(photos):
        try:
            image = photo.read()
        except PhotoUnusableError as error:
            refused.append((number, error))
            continue
        yield Photo(
            str(number),
            image,
            looking.category,
            looking.region,
            looking.score_threshold,
            looking.attribute_model,
        )


def _single(client: Client, photo: PhotoFile, looking: options.Looking) -> Answer:
    try:
        analysis = client.analyze_image(
            photo.read(),
            category=looking.category,
            region=looking.region,
            score_threshold=looking.score_threshold,
            attribute_model=looking.attribute_model,
        )
    except (OotdError, PhotoUnusableError) as error:
        return photo, None, error
    return photo, analysis, None
