"""The names of the contract's enums that several services use, and the way from text to them."""

from typing import Literal, TypeAlias, get_args

SuperCategory: TypeAlias = Literal["top", "bottom", "outer", "dress", "shoes", "bag"]
"""The six kinds of garment; each has an index of its own."""

SUPER_CATEGORIES: tuple[SuperCategory, ...] = get_args(SuperCategory)
"""All super-categories, in the order of the contract."""

AttributeModel: TypeAlias = Literal["tagger", "sequencer"]
"""What tells sub-category and attributes: a classifier, or a sequence model."""

ATTRIBUTE_MODELS: tuple[AttributeModel, ...] = get_args(AttributeModel)
"""All attribute models, in the order of the contract."""


def super_category(name: str) -> SuperCategory:
    """Return the super-category that a text names, such as "Shoes" or " shoes ".

    Raises ValueError, which lists the six, for any other text; TypeError for what is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"a super-category is a str, got {type(name).__name__}")
    wanted = name.strip().lower()
    for known in SUPER_CATEGORIES:
        if wanted == known:
            return known
    raise ValueError(f"unknown super-category {name!r}; known are: {', '.join(SUPER_CATEGORIES)}")
