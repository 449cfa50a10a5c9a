"""Reads the header of a TIFF (TIFF 6.0, section 2): a directory, and tables of strips or tiles.

Files say themselves how long these are, so each is read up to a fixed count alone.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ootd_gateway.images.faults import FaultyHeaderError, Header, check_length

MAX_TAGS = 1024
MAX_PIECES = 65_536
"""Strips or tiles; a strip is seldom under 8 KiB."""
MAX_TILE_PIXELS = 1 << 24
MAX_SAMPLES = 8
"""Values a pixel; the decoder makes room for all of them."""

_WIDTH, _HEIGHT, _SAMPLES = 256, 257, 277
_STRIPS = (273, 279)
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_TILES = (324, 325)
_READ = frozenset({_WIDTH, _HEIGHT, _SAMPLES, *_STRIPS, _TILE_WIDTH, _TILE_HEIGHT, *_TILES})
_INTEGERS = {3: ("H", "u2"), 4: ("I", "u4")}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tag's values: their kind and count, and where the values, or the place of them, stand."""

    kind: int
    count: int
    place: int


def read_tiff(data: bytes) -> Header:
    """Read the size from the first directory. Raises FaultyHeaderError, struct.error."""
    order = "<" if data[:2] == b"II" else ">"
    entries = _directory(data, order)
    if _WIDTH not in entries or _HEIGHT not in entries:
        raise FaultyHeaderError("its directory has no size")
    width, height = (_value(data, order, entries[tag]) for tag in (_WIDTH, _HEIGHT))
    samples = _value(data, order, entries[_SAMPLES]) if _SAMPLES in entries else 1
    if not 1 <= samples <= MAX_SAMPLES:
        raise FaultyHeaderError(f"its pixels have {samples} values each, at most {MAX_SAMPLES} may")
    return width, height, lambda: _check_pieces(data, order, entries)


def _directory(data: bytes, order: str) -> dict[int, _Entry]:
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    if directory < 8:
        raise FaultyHeaderError("its first directory's place is false")
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    if count > MAX_TAGS:
        raise FaultyHeaderError(f"its directory has {count} tags, at most {MAX_TAGS} may be")
    entries = {}
    for number in range(count):
        place = directory + 2 + 12 * number
        tag, kind, values = struct.unpack_from(f"{order}HHI", data, place)
        if tag in _READ:
            entries[tag] = _Entry(kind, values, place + 8)
    return entries


def _value(data: bytes, order: str, entry: _Entry) -> int:
    """Return the single value of a tag."""
    kind = _INTEGERS.get(entry.kind)
    if kind is None or entry.count != 1:
        raise FaultyHeaderError("its directory holds undefined values")
    (value,) = struct.unpack_from(f"{order}{kind[0]}", data, entry.place)
    return int(value)


def _values(data: bytes, order: str, entry: _Entry) -> NDArray[np.uint64]:
    kind = _INTEGERS.get(entry.kind)
    if kind is None or entry.count < 1:
        raise FaultyHeaderError("its directory holds undefined values")
    if entry.count > MAX_PIECES:
        raise FaultyHeaderError(
            f"it has {entry.count} strips or tiles, at most {MAX_PIECES} may be"
        )
    element = np.dtype(order + kind[1])
    size = element.itemsize * entry.count
    place = entry.place
    if size > 4:
        (place,) = struct.unpack_from(f"{order}I", data, place)
    check_length(data, place + size)
    return np.frombuffer(data, element, entry.count, place).astype(np.uint64)


def _check_pieces(data: bytes, order: str, entries: dict[int, _Entry]) -> None:
    """Check that all strips, or tiles, lie within the file."""
    if _TILE_WIDTH in entries and _TILE_HEIGHT in entries:
        sides = [_value(data, order, entries[tag]) for tag in (_TILE_WIDTH, _TILE_HEIGHT)]
        if not 1 <= sides[0] * sides[1] <= MAX_TILE_PIXELS:
            raise FaultyHeaderError(f"its tiles have {sides[0]} x {sides[1]} pixels")
    tables = [tags for tags in (_STRIPS, _TILES) if tags[0] in entries]
    if not tables:
        raise FaultyHeaderError("its directory has no strips and no tiles")
    for places, lengths in tables:
        ends = _values(data, order, entries[places])
        if lengths in entries:  # some writers of uncompressed files leave them out
            sizes = _values(data, order, entries[lengths])
            if len(ends) != len(sizes):
                raise FaultyHeaderError("its directory's counts are false")
            ends = ends + sizes
        check_length(data, int(ends.max()))
