"""Reads the category out of an item's title: what the seller says it is (Visual Search at eBay and
11st call it seller intent), which then guides the analysis of the photo.

English titles name the garment last in their first phrase ("denim jacket", "dress shirt", "jacket with
hood"), so the last garment word before a preposition or a separator wins; a phrase in the vocabulary
goes before its single words ("sweater vest", "top handle bag").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ootd_gateway.types import SuperCategory


@dataclass(frozen=True, slots=True)
class TitleCategory:
    """What a title names; `sub_category` is "" where it names a super-category alone."""

    super_category: SuperCategory
    sub_category: str = ""


# Words beside the sub-categories' own names, singular, "-" for a blank; "" where no one sub-category
# is meant. A sub-category that the served taxonomy lacks counts as "".
_VOCABULARY: Mapping[SuperCategory, Mapping[str, str]] = {
    SuperCategory.TOP: {
        "t-shirt": "t-shirt",
        "tshirt": "t-shirt",
        "tee": "t-shirt",
        "tee-shirt": "t-shirt",
        "graphic-tee": "t-shirt",
        "shirt": "shirt",
        "dress-shirt": "shirt",
        "overshirt": "shirt",
        "button-down": "shirt",
        "button-up": "shirt",
        "flannel": "shirt",
        "polo": "",
        "polo-shirt": "",
        "longsleeve": "",
        "long-sleeve": "",
        "henley": "",
        "blouse": "blouse",
        "tunic": "blouse",
        "sweater": "sweater",
        "sweater-vest": "sweater",
        "pullover": "sweater",
        "jumper": "sweater",
        "turtleneck": "sweater",
        "knit": "sweater",
        "sweatshirt": "sweatshirt",
        "hoodie": "sweatshirt",
        "hoody": "sweatshirt",
        "tank-top": "tank-top",
        "tank": "tank-top",
        "camisole": "tank-top",
        "cami": "tank-top",
        "undershirt": "tank-top",
        "top": "",
        "crop-top": "",
        "bustier": "",
        "corset": "",
    },
    SuperCategory.BOTTOM: {
        "pants": "pants",
        "pant": "pants",
        "trousers": "pants",
        "trouser": "pants",
        "slacks": "pants",
        "chinos": "pants",
        "chino": "pants",
        "cargos": "pants",
        "culottes": "pants",
        "jeans": "jeans",
        "jean": "jeans",
        "leggings": "leggings",
        "legging": "leggings",
        "tights": "leggings",
        "jeggings": "leggings",
        "shorts": "shorts",
        "bermudas": "shorts",
        "skirt": "skirt",
        "miniskirt": "skirt",
        "midiskirt": "skirt",
        "skort": "skirt",
        "joggers": "joggers",
        "jogger": "joggers",
        "sweatpants": "joggers",
        "track-pants": "joggers",
    },
    SuperCategory.OUTER: {
        "coat": "coat",
        "overcoat": "coat",
        "trench": "coat",
        "trench-coat": "coat",
        "trenchcoat": "coat",
        "parka": "coat",
        "peacoat": "coat",
        "raincoat": "coat",
        "duster": "coat",
        "jacket": "jacket",
        "anorak": "jacket",
        "windbreaker": "jacket",
        "bomber": "jacket",
        "puffer": "jacket",
        "biker-jacket": "jacket",
        "blazer": "blazer",
        "sport-coat": "blazer",
        "sports-coat": "blazer",
        "suit-jacket": "blazer",
        "cardigan": "cardigan",
        "cape": "cape",
        "poncho": "cape",
        "vest": "vest",
        "gilet": "vest",
        "waistcoat": "vest",
        "outerwear": "",
    },
    SuperCategory.DRESS: {
        "dress": "dress",
        "gown": "dress",
        "sundress": "dress",
        "minidress": "dress",
        "maxidress": "dress",
        "shirtdress": "dress",
        "frock": "dress",
        "romper": "romper",
        "jumpsuit": "romper",
        "playsuit": "romper",
        "overalls": "romper",
        "onesie": "romper",
        "bodysuit": "romper",
    },
    SuperCategory.SHOES: {
        "shoe": "",
        "footwear": "",
        "dress-shoe": "",
        "oxford": "",
        "oxfords": "",
        "brogue": "",
        "derby": "",
        "clog": "",
        "mule": "",
        "slipper": "",
        "boot": "boots",
        "bootie": "boots",
        "flat": "flats",
        "ballerina": "flats",
        "ballet-flat": "flats",
        "heel": "heels",
        "high-heel": "heels",
        "stiletto": "heels",
        "wedge": "heels",
        "loafer": "loafers",
        "moccasin": "loafers",
        "pump": "pumps",
        "sandal": "sandals",
        "flip-flop": "sandals",
        "slide": "sandals",
        "espadrille": "flats",
        "sneaker": "sneakers",
        "trainer": "sneakers",
        "running-shoe": "sneakers",
    },
    SuperCategory.BAG: {
        "bag": "",
        "shoulder-bag": "handbag",
        "top-handle-bag": "handbag",
        "tote": "handbag",
        "tote-bag": "handbag",
        "satchel": "handbag",
        "handbag": "handbag",
        "hand-bag": "handbag",
        "crossbody": "purse",
        "crossbody-bag": "purse",
        "purse": "purse",
        "pouch": "purse",
        "wallet": "wallet",
        "card-holder": "wallet",
        "cardholder": "wallet",
        "clutch": "clutch",
        "clutch-bag": "clutch",
        "backpack": "backpack",
        "rucksack": "backpack",
        "duffel": "",
        "duffle": "",
    },
}

# These describe rather than name: "top quality bag", "flat shoes", "heel height", "knit dress".
_ONLY_LAST = frozenset({"top", "flat", "heel", "knit", "slide", "tank", "wedge", "pump", "polo"})
_BREAK = re.compile(
    r"[,;:|(){}\[\]/+&–—]|\s-+\s|"
    r"\b(?:with|without|w/|for|from|by|in|on|of|to|and|plus|at|made|featuring|size|sz)\b"
)
_JOINS = re.compile(r"[&+/]|\b(?:and|plus)\b")
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")
_LONGEST_PHRASE = 3


class CategoryParser:
    """Reads categories out of titles; knows the vocabulary above and the taxonomy's own names."""

    def __init__(self, sub_categories: Mapping[SuperCategory, Sequence[str]]) -> None:
        self._words: dict[str, TitleCategory] = {}
        for category, words in _VOCABULARY.items():
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
        for separator in [*_BREAK.finditer(text), None]:
            end = len(text) if separator is None else separator.start()
            found = self._last_in(text[start:end])
            if found is not None:
                joined = separator is not None and _JOINS.fullmatch(separator.group())
                if separator is not None and joined:
                    other = self._next_phrase(text[separator.end() :])
                    if other is not None and other.super_category != found.super_category:
                        return None  # "top and skirt": a set, so the title decides nothing
                return found
            if separator is not None:
                start = separator.end()
        return None

    def _next_phrase(self, text: str) -> TitleCategory | None:
        following = _BREAK.search(text)
        return self._last_in(text if following is None else text[: following.start()])

    def _last_in(self, phrase: str) -> TitleCategory | None:
        """Return the last garment that a phrase names; the longest name at a place wins."""
        words = _WORD.findall(phrase.replace("-", " "))
        named: TitleCategory | None = None
        place = 0
        while place < len(words):
            for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
                found = self._lookup(words[place : place + length])
                if found is not None:
                    last = place + length == len(words)
                    if length > 1 or last or words[place] not in _ONLY_LAST:
                        named = found
                    place += length
                    break
            else:
                place += 1
        return named

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
