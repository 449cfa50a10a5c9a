"""The words by which titles name garments, as `category_words.toml` beside this file lists them."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ootd_gateway.types import SuperCategory


@dataclass(frozen=True, slots=True)
class CategoryWords:
    """Words in lower case, singular, "-" for a blank.

    `sub_categories` holds for each super-category its words, and the sub-category that each means;
    "" where it means none. `describing` words mostly describe, and name a garment only at a
    phrase's end; `other_goods` are no garments.
    """

    sub_categories: Mapping[SuperCategory, Mapping[str, str]]
    describing: frozenset[str]
    other_goods: frozenset[str]


@functools.cache
def category_words() -> CategoryWords:
    """Return the words of the file, which is read once."""
    text = resources.files(__package__).joinpath("category_words.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return CategoryWords(
        sub_categories={one: _sub_categories(table[one.label]) for one in SuperCategory},
        describing=frozenset(table["describing_words"]),
        other_goods=frozenset(table["other_goods"]),
    )


def _sub_categories(table: Mapping[str, Any]) -> dict[str, str]:
    named = {word: name for name, words in table["sub_categories"].items() for word in words}
    return dict.fromkeys(table["words"], "") | named
