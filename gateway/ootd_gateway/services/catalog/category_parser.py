"""Reads the category out of an item's title: what the seller says it is, which then guides the
analysis of the photo (seller intent, 11st section 3).

English titles name the garment last in their first phrase ("denim jacket", "dress shirt", "jacket
with hood"), so the last garment word before a preposition or a separator wins; a phrase in the
vocabulary goes before its single words ("sweater vest", "top handle bag").
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


# Words beside the sub-categories' own names, singular, "-" for a blank; "" where no sub-category
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

# These mostly describe: "top quality bag", "flat shoes", "heel 5 cm", "knit dress". They name a
# garment only at a phrase's end, and where the phrase names none other.
_WEAK = frozenset(
    {"top", "flat", "heel", "knit", "slide", "tank", "wedge", "pump", "polo", "longsleeve"}
)
# What else is sold under such words: "dress socks", "bag charm", "shoe laces".
_OTHER_GOODS = frozenset(
    {
        "belt",
        "bra",
        "brief",
        "cap",
        "charm",
        "cover",
        "earring",
        "glove",
        "hanger",
        "hat",
        "insole",
        "lace",
        "necklace",
        "scarf",
        "shapewear",
        "sock",
        "stocking",
        "strap",
        "sunglasses",
        "tie",
        "underwear",
        "watch",
    }
)
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
            is_weak = length == 1 and words[place] in _WEAK
            if found is not None:
                if not is_weak or (named is None and place + length == len(words)):
                    named = found
            elif not _OTHER_GOODS.isdisjoint((words[place], *_singulars(words[place]))):
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
