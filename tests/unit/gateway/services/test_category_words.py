"""The words of titles fit the taxonomy that the models are served with, and the parser."""

import json
import tomllib
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from ootd_gateway.services.catalog import category_words as module
from ootd_gateway.services.catalog.category_parser import CategoryParser, TitleCategory
from ootd_gateway.services.catalog.category_words import category_words
from ootd_gateway.types import SuperCategory

TAXONOMY = json.loads(
    (Path(__file__).parents[4] / "model_repository" / "taxonomy.json").read_text("utf-8")
)
SUB_CATEGORIES = {
    SuperCategory[one["name"].upper()]: tuple(one["sub_categories"])
    for one in TAXONOMY["super_categories"]
}
WORDS = category_words()
NAMING = [word for words in WORDS.sub_categories.values() for word in words]


def test_the_file_is_read_once() -> None:
    assert category_words() is WORDS


def test_the_file_names_the_super_categories_and_no_others() -> None:
    text = resources.files(module.__package__).joinpath("category_words.toml").read_text("utf-8")
    tables = {name: table for name, table in tomllib.loads(text).items() if isinstance(table, dict)}
    assert tables.keys() == {one.label for one in SuperCategory}
    assert all(table.keys() == {"words", "sub_categories"} for table in tables.values())


@pytest.mark.parametrize("category", SuperCategory)
def test_words_mean_sub_categories_of_the_taxonomy(category: SuperCategory) -> None:
    meant = set(WORDS.sub_categories[category].values()) - {""}
    assert meant == set(SUB_CATEGORIES[category])


def test_a_word_means_one_thing() -> None:
    assert [word for word, count in Counter(NAMING).items() if count > 1] == []
    assert WORDS.other_goods.isdisjoint(NAMING)
    assert set(NAMING) >= WORDS.describing


def test_each_word_is_written_as_the_parser_looks_for_it() -> None:
    for word in (*NAMING, *WORDS.other_goods):
        parts = word.split("-")
        assert len(parts) <= 3, word
        assert all(part.isascii() and part.isalpha() and part.islower() for part in parts), word


@pytest.mark.parametrize("category", SuperCategory)
def test_each_word_names_what_it_means(category: SuperCategory) -> None:
    parser = CategoryParser(SUB_CATEGORIES)
    for word, sub_category in WORDS.sub_categories[category].items():
        for title in (word, word.replace("-", " ").title(), f"red {word}, new"):
            assert parser.parse(title) == TitleCategory(category, sub_category), title
