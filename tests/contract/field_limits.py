"""Every range and pattern that the contract states for a field, with values on both sides of it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_requests import (
    PHOTO_METHODS,
    SEARCHES,
    UPSERTS,
    VECTOR_PREFIXES,
    base_request,
    changed,
    histogram,
    vector,
)

ITEM_ID_FIELDS = {
    "UpsertItem": "item_id",
    "UpsertItems": "item_id",
    "GetItem": "item_id",
    "SearchByItem": "item_id",
}
MASK_FIELDS = {
    "GetItem": "item_fields",
    "ListItems": "item_fields",
    **dict.fromkeys(SEARCHES, "hit_options.item_fields"),
}
_CONTROL_CHARACTERS = "\0\x1b\n\x85\u2028\u202e\u2066\ufeff"
UNSET = object()
"""Stands for a field that is not there."""


@dataclass(frozen=True)
class FieldCase:
    """A request with some fields changed, and the paths of the fields at fault, if any."""

    name: str
    method: str
    changes: Mapping[str, Any]
    faults: tuple[str, ...] = ()
    with_photo: bool = False

    def __str__(self) -> str:
        return f"{self.method}-{self.name}"

    def fields(self) -> dict[str, Any]:
        """The fields of the request."""
        base = base_request(self.method, with_photo=self.with_photo)
        if UNSET in self.changes.values():
            unset = {path for path, value in self.changes.items() if value is UNSET}
            return {name: value for name, value in base.items() if name not in unset}
        return changed(base, self.changes)


def field_cases() -> list[FieldCase]:
    """All cases: each bound, and one beyond it."""
    return [
        *_item_ids(),
        *_deleted_ids(),
        *_item_texts(),
        *_vectors(),
        *_photos(),
        *_pages(),
        *_hits(),
        *_masks(),
        *_everything_at_fault(),
    ]


def _item_ids() -> Iterator[FieldCase]:
    for method, path in ITEM_ID_FIELDS.items():
        for good in ("a", "a" * 128, "aZ09._:/-"):
            yield FieldCase(f"id-{good[:9]}-{len(good)}", method, {path: good})
        for bad in ("", "a" * 129, "a b", "ä", "a\n", "a#"):
            yield FieldCase(f"bad-id-{bad[:3]!a}-{len(bad)}", method, {path: bad}, (path,))


def _deleted_ids() -> Iterator[FieldCase]:
    for count in (1, 1000):
        ids = [f"absent-{number}" for number in range(count)]
        yield FieldCase(f"{count}-ids", "DeleteItems", {"item_ids": ids})
    for count in (0, 1001):
        ids = [f"absent-{number}" for number in range(count)]
        yield FieldCase(f"{count}-ids", "DeleteItems", {"item_ids": ids}, ("item_ids",))
    yield FieldCase(
        "bad-ids",
        "DeleteItems",
        {"item_ids": ["a", "", "a b", "a" * 129, "a" * 128]},
        ("item_ids[1]", "item_ids[2]", "item_ids[3]"),
    )


def _item_texts() -> Iterator[FieldCase]:
    for method in UPSERTS:
        for name, title in {
            "longest": "x" * 512,
            "longest of two bytes": "ä" * 512,
            "joiner": "a\u200db",
            "right to left": "תיק",
        }.items():
            yield FieldCase(f"title {name}", method, {"title": title})
        for name, title in {
            "too long": "x" * 513,
            **{f"with {ord(one):04x}": f"a{one}b" for one in _CONTROL_CHARACTERS},
        }.items():
            yield FieldCase(f"title {name}", method, {"title": title}, ("title",))
        names = [f"name-{number}" for number in range(65)]
        for name, attributes in {
            "64": dict.fromkeys(names[:64], "x"),
            "long": {"n" * 64: "v" * 256},
            "without a value": {"n": ""},
        }.items():
            yield FieldCase(f"attributes {name}", method, {"attributes": attributes})
        for name, attributes, fault in (
            ("65", dict.fromkeys(names, "x"), "attributes"),
            ("long name", {"n" * 65: "x"}, f'attributes["{"n" * 40}…"]'),
            ("long value", {"n": "v" * 257}, 'attributes["n"]'),
            ("no name", {"": "x"}, 'attributes[""]'),
            ("odd name", {"a\0": "x"}, "attributes['a\\x00']"),
            ("odd value", {"n": "\u202e"}, 'attributes["n"]'),
        ):
            yield FieldCase(f"attributes {name}", method, {"attributes": attributes}, (fault,))
        yield FieldCase("payload longest", method, {"payload": bytes(16 * 1024)})
        yield FieldCase("payload long", method, {"payload": bytes(16 * 1024 + 1)}, ("payload",))
        yield FieldCase("no source", method, {"embedding": UNSET}, ("source",))


def _vectors() -> Iterator[FieldCase]:
    for method, prefix in VECTOR_PREFIXES.items():
        values, bins = f"{prefix}embedding.values", f"{prefix}color_histogram"
        good: dict[str, dict[str, Any]] = {
            "long vector": {values: vector(3e38, -3e38)},
            "short vector": {values: vector(1e-40)},
            "no histogram": {bins: []},
            "histogram": {bins: histogram(3e38, 1e-40)},
            "first category": {f"{prefix}super_category": 1},
            "last category": {f"{prefix}super_category": 6},
        }
        for name, changes in good.items():
            yield FieldCase(name, method, changes)
        for name, path, value, fault in (
            ("no values", values, [], values),
            ("127 values", values, [1.0] * 127, values),
            ("129 values", values, [1.0] * 129, values),
            ("zeros", values, [0.0] * 128, values),
            ("nan", values, vector(1.0, math.nan, math.inf), f"{values}[1]"),
            ("inf", values, vector(1.0, 0.0, -math.inf), f"{values}[2]"),
            ("55 bins", bins, [1.0] * 55, bins),
            ("57 bins", bins, [1.0] * 57, bins),
            ("no colour", bins, [0.0] * 56, bins),
            ("negative bin", bins, histogram(1.0, -0.1), f"{bins}[1]"),
            ("nan bin", bins, histogram(math.nan), f"{bins}[0]"),
            ("inf bin", bins, histogram(0.0, math.inf), f"{bins}[1]"),
            ("no category", f"{prefix}super_category", 0, f"{prefix}super_category"),
            ("unknown category", f"{prefix}super_category", 7, f"{prefix}super_category"),
            ("negative category", f"{prefix}super_category", -1, f"{prefix}super_category"),
            *(
                (
                    "bad fingerprint",
                    f"{prefix}vector_fingerprint",
                    bad,
                    f"{prefix}vector_fingerprint",
                )
                for bad in ("a b", "a" * 65, "ä")
            ),
        ):
            yield FieldCase(name, method, {path: value}, (fault,))


def _photos() -> Iterator[FieldCase]:
    guide, options = "photo.guide", "photo.options"
    for method in PHOTO_METHODS:
        whole = {"x0": 0.0, "y0": 0.0, "x1": 1.0, "y1": 1.0}
        cases: dict[str, dict[str, Any]] = {
            "whole region": {f"{guide}.region": whole},
            "threshold 0": {f"{options}.score_threshold": 0.0},
            "threshold 1": {f"{options}.score_threshold": 1.0},
            "tagger": {f"{options}.attribute_model": 1},
            "sequencer": {f"{options}.attribute_model": 2},
            **{f"category {one}": {f"{guide}.category": one} for one in (1, 6)},
        }
        for name, changes in cases.items():
            yield FieldCase(name, method, changes, with_photo=True)
        region = f"{guide}.region"
        for name, path, value, faults in (
            ("no image", "photo.image", b"", ("photo.image",)),
            *(
                (f"category {one}", f"{guide}.category", one, (f"{guide}.category",))
                for one in (0, 7, -1)
            ),
            ("left of it", region, whole | {"x0": -0.01}, (f"{region}.x0",)),
            ("right of it", region, whole | {"x1": 1.01}, (f"{region}.x1",)),
            ("above it", region, whole | {"y0": -0.01}, (f"{region}.y0",)),
            ("below it", region, whole | {"y1": 1.01}, (f"{region}.y1",)),
            ("nan", region, whole | {"y0": math.nan}, (f"{region}.y0",)),
            ("in pixels", region, dict.fromkeys(whole, 300.0), tuple(
                f"{region}.{one}" for one in whole
            )),
            ("inside out", region, {"x0": 0.8, "y0": 0.9, "x1": 0.2, "y1": 0.1}, (
                f"{region}.x1", f"{region}.y1",
            )),
            ("a point", region, dict.fromkeys(whole, 0.5), (f"{region}.x1", f"{region}.y1")),
            ("a region of nothing", region, {}, (f"{region}.x1", f"{region}.y1")),
            *(
                (f"threshold {one}", f"{options}.score_threshold", one, (
                    f"{options}.score_threshold",
                ))
                for one in (-0.01, 1.01, math.nan)
            ),
            *(
                (f"model {one}", f"{options}.attribute_model", one, (f"{options}.attribute_model",))
                for one in (3, -1)
            ),
        ):  # fmt: skip
            yield FieldCase(name, method, {path: value}, faults, with_photo=True)
    name = "correlation_id"
    yield FieldCase("longest name", "AnalyzeImages", {name: "ä" * 128})
    yield FieldCase("long name", "AnalyzeImages", {name: "ä" * 128 + "x"}, (name,))


def _pages() -> Iterator[FieldCase]:
    for name, good, bad in (
        ("page_size", (1, 1000), (0, 1001)),
        ("page_token", ("", "a" * 128), ("a" * 129, "a b", "ä")),
        ("super_category", (0, 1, 6), (7, -1)),
    ):
        for value in good:
            yield FieldCase(f"{name} {str(value)[:9]}", "ListItems", {name: value})
        for value in bad:
            yield FieldCase(f"bad {name} {str(value)[:9]}", "ListItems", {name: value}, (name,))


def _hits() -> Iterator[FieldCase]:
    for method in SEARCHES:
        for path, good, bad in (
            ("k", (1, 1000), (0, 1001, 2**32 - 1)),
            ("hit_options.offset", (0, 10_000), (10_001,)),
            ("hit_options.min_score", (-1.0, 1.0), (-1.01, 1.01, math.nan)),
        ):
            for value in good:
                yield FieldCase(f"{path} {value}", method, {path: value})
            for value in bad:
                yield FieldCase(f"bad {path} {value}", method, {path: value}, (path,))


def _masks() -> Iterator[FieldCase]:
    known = ("title", "garment", "garment.embedding", "garment.box.x0", "update_time.seconds")
    unknown = ("", "prize", "title.x", "attributes.brand", "garment.attributes.group", "garment.")
    for method, field in MASK_FIELDS.items():
        paths = f"{field}.paths"
        yield FieldCase("mask of known fields", method, {field: {"paths": list(known)}})
        yield FieldCase("mask of 64", method, {field: {"paths": ["title"] * 64}})
        yield FieldCase("mask of 65", method, {field: {"paths": ["title"] * 65}}, (paths,))
        faults = tuple(f"{paths}[{number}]" for number in range(1, len(unknown) + 1))
        mixed = {"paths": ["title", *unknown]}
        yield FieldCase("mask of unknown fields", method, {field: mixed}, faults)


def _everything_at_fault() -> Iterator[FieldCase]:
    """All faults of a request are told at a time."""
    for method in UPSERTS:
        bad_item = {
            "item_id": "a b",
            "title": "\0",
            "attributes": {"": "x"},
            "payload": bytes(20_000),
        }
        item_faults = ("item_id", "title", 'attributes[""]', "payload")
        vectors = {
            "embedding.embedding.values": [],
            "embedding.super_category": 9,
            "embedding.color_histogram": [1.0],
            "embedding.vector_fingerprint": "a b",
        }
        yield FieldCase("all bad", method, bad_item | vectors, (*item_faults, *vectors))
        photo = {
            "photo.image": b"",
            "photo.guide.category": 9,
            "photo.options.score_threshold": 2.0,
            "photo.options.attribute_model": 9,
        }
        faults = (*item_faults, *photo)
        yield FieldCase("all bad photo", method, bad_item | photo, faults, with_photo=True)
    hits = {"k": 0, "hit_options.offset": 10_001, "hit_options.min_score": 2.0}
    searches: dict[str, dict[str, Any]] = {
        "SearchByImage": {
            "photo.image": b"",
            "photo.guide.category": 9,
            "photo.options.score_threshold": 2.0,
        },
        "SearchByItem": {"item_id": ""},
        "SearchByEmbedding": {
            "embedding.values": [],
            "super_category": 0,
            "color_histogram": [1.0],
            "vector_fingerprint": "a b",
        },
    }
    for method, own in searches.items():
        yield FieldCase("all bad", method, own | hits, (*own, *hits))
    page = {"page_size": 0, "page_token": "a b", "super_category": 9}
    yield FieldCase("all bad", "ListItems", page, tuple(page))
    element = {"correlation_id": "x" * 257, "photo.image": b"", "photo.guide.category": 9}
    yield FieldCase("all bad", "AnalyzeImages", element, tuple(element))
