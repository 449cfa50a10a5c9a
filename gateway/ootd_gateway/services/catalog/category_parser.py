"""Reads the category out of an item's title: what the seller says it is, which then guides the
analysis of the photo (seller intent, 11st section 3).

English titles name the garment last in their first phrase ("denim jacket", "dress shirt", "jacket
with hood"), so the last garment word before a preposition or a separator wins; a phrase in the
vocabulary goes before its single words ("sweater vest", "top handle bag").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ootd_gateway.services.catalog.category_words import category_words
from ootd_gateway.types import SuperCategory


@dataclass(frozen=True, slots=True)
class TitleCategory:
    """What a title names; `sub_category` is "" where it names a super-category alone."""

    super_category: SuperCategory
    sub_category: str = ""


_BREAK = re.compile(
    r"[,;:|(){}\[\]/+&–—]|\s-+\s|"
    r"\b(?:with|without|w/|for|from|by|in|on|of|to|and|plus|at|made|featuring|size|sz)\b"
)
_JOINS = re.compile(r"[&+/]|\b(?:and|plus)\b")
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")
_LONGEST_PHRASE = 3


class CategoryParser:
    """Reads categories out of titles; knows `category_words` and the taxonomy's own names."""

    def __init__(self, sub_categories: Mapping[SuperCategory, Sequence[str]]) -> None:
        self._words: dict[str, TitleCategory] = {}
        vocabulary = category_words()
        self._describing = vocabulary.describing
        self._other_goods = vocabulary.other_goods
        for category, words in vocabulary.sub_categories.items():
            served = frozenset(sub_categories.get(category, ()))
            for word, sub_category in words.items():
                known = sub_category if sub_category in served else ""
                self._words[word] = TitleCategory(category, known)
        for category, names in sub_categories.items():
            for name in names:
                self._words[name.lower()] = TitleCategory(category, name)

    def parse(self, title: str) -> TitleCategory | None:
        """Return the category that a title names, or None where it names none or several alike."""
        text = title.lower().replace("_", " ")
        start = 0
        for separator in _BREAK.finditer(text):
            found = self._last_in(text[start : separator.start()])
            if found is not None:
                is_set = _JOINS.fullmatch(separator.group()) and self._begins_with_other(
                    text[separator.end() :], found
                )
                return None if is_set else found  # "top and skirt" decides nothing
            start = separator.end()
        return self._last_in(text[start:])

    def _begins_with_other(self, text: str, found: TitleCategory) -> bool:
        following = _BREAK.search(text)
        other = self._last_in(text if following is None else text[: following.start()])
        return other is not None and other.super_category != found.super_category

    def _last_in(self, phrase: str) -> TitleCategory | None:
        """Return the last garment that a phrase names; the longest name at a place wins."""
        words = _WORD.findall(phrase.replace("-", " "))
        named: TitleCategory | None = None
        place = 0
        while place < len(words):
            found, length = self._longest_at(words, place)
            is_weak = length == 1 and words[place] in self._describing
            if found is not None:
                if not is_weak or (named is None and place + length == len(words)):
                    named = found
            elif not self._other_goods.isdisjoint((words[place], *_singulars(words[place]))):
                named = None
            place += length
        return named

    def _longest_at(self, words: list[str], place: int) -> tuple[TitleCategory | None, int]:
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            found = self._lookup(words[place : place + length])
            if found is not None:
                return found, length
        return None, 1

    def _lookup(self, words: list[str]) -> TitleCategory | None:
        name = "-".join(words)
        for form in (name, *_singulars(name)):
            found = self._words.get(form)
            if found is not None:
                return found
        return None


def _singulars(name: str) -> tuple[str, ...]:
    forms = []
    if name.endswith("s") and len(name) > 3:
        forms.append(name[:-1])
    if name.endswith("es"):
        forms.append(name[:-2])
    if name.endswith("ies"):
        forms.append(name[:-3] + "y")
    return tuple(forms)
