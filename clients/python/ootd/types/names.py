"""The names that the contract's enums have here, and the way from text to them."""

from typing import Literal, TypeAlias, get_args

SuperCategory: TypeAlias = Literal["top", "bottom", "outer", "dress", "shoes", "bag"]
"""The six kinds of garment; each has an index of its own."""

SUPER_CATEGORIES: tuple[SuperCategory, ...] = get_args(SuperCategory)
"""All super-categories, in the order of the contract."""

AttributeModel: TypeAlias = Literal["tagger", "sequencer"]
"""What tells sub-category and attributes: a classifier, or a sequence model."""

ATTRIBUTE_MODELS: tuple[AttributeModel, ...] = get_args(AttributeModel)
"""All attribute models, in the order of the contract."""

BoxOrigin: TypeAlias = Literal["unspecified", "detected", "whole_photo", "region"]
"""How a box came about: "whole_photo": nothing was detected; "region": the caller drew it."""

DropReason: TypeAlias = Literal[
    "unspecified",
    "category_disagreement",
    "explained_by_dress",
    "explained_by_top_or_bottom",
    "not_of_category",
    "no_garment",
]
"""Why a box that was found is not a garment of the photo.

"not_of_category": nothing of the wanted category was detected, and the whole photo shows something
else; "no_garment": nothing was detected, and the whole photo does not look like a garment.
"""

UpsertOutcome: TypeAlias = Literal["created", "replaced", "unchanged"]
"""What an upsert came to: a new item, another in place of one, or the stored one was the same."""

HealthState: TypeAlias = Literal["unknown", "serving", "not_serving", "service_unknown"]
"""What the standard health service says of a service."""


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
