"""An item of the catalogue, as it is read and found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ootd._shared.garment import Garment


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is stored; `sequence_number` is its place in the change log.

    Where only some fields were asked for, the others are empty; `item_id` and the garment's
    super-category always come. `vector_fingerprint` names the models that made embedding and
    histogram, where these are there.
    """

    item_id: str
    title: str
    attributes: Mapping[str, str]
    payload: bytes
    garment: Garment
    sequence_number: int
    update_time: datetime | None
    vector_fingerprint: str = ""
