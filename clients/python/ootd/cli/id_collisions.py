"""Warns before the photos of one folder replace the items of another."""

import json
from collections.abc import Iterator
from itertools import islice

from ootd import Client, ItemUpload, NotFoundError
from ootd.cli.catalog_source import Row
from ootd.cli.output import say

_LOOKED_AT = 20


def warn_of_collisions(client: Client, rows: Iterator[Row], folder: str) -> None:
    """Say it where one of the first items is stored already and came from a folder of another name.

    A look at a few is enough for folders that are numbered alike; the numbers at the end tell
    every item that was replaced.
    """
    for row in islice(rows, _LOOKED_AT):
        if not isinstance(row, ItemUpload):
            continue
        other = _stored_folder(client, row.item_id)
        if other is not None and other != folder:
            say(
                f"Items of the folder {other} have the same ids, such as {row.item_id}, and are "
                "replaced; --id-prefix keeps both.",
                "yellow",
            )
            return


def _stored_folder(client: Client, item_id: str) -> str | None:
    try:
        item = client.get_item(item_id, fields=["payload"])
    except NotFoundError:
        return None
    try:
        payload = json.loads(item.payload)
    except (ValueError, RecursionError):
        return None
    folder = payload.get("folder") if isinstance(payload, dict) else None
    return folder if isinstance(folder, str) else None
