"""The names that the served models answer with, as Triton's model configuration tells them."""

import json
from typing import Any

from ootd_gateway.errors import InternalError
from ootd_gateway.types import AttributeGroup, SuperCategory, Taxonomy

TAXONOMY_PARAMETER = "taxonomy"


def parse_taxonomy(config: Any) -> Taxonomy:
    """Return the taxonomy in the parameter "taxonomy" of a model's configuration.

    The parameter holds the model repository's taxonomy.json. Raises InternalError where it is
    missing or is no such thing.
    """
    parameter = config.parameters.get(TAXONOMY_PARAMETER)
    if parameter is None:
        raise InternalError(
            f'the model "{config.name}" has no parameter "{TAXONOMY_PARAMETER}"; '
            "export the models again"
        )
    try:
        return taxonomy_of_json(parameter.string_value)
    except (KeyError, TypeError, ValueError) as error:
        raise InternalError(
            f'the parameter "{TAXONOMY_PARAMETER}" of the model "{config.name}" is no taxonomy'
        ) from error


def taxonomy_of_json(text: str) -> Taxonomy:
    """Return the taxonomy of a taxonomy.json's text.

    Raises KeyError, TypeError or ValueError where it is none.
    """
    document = json.loads(text)
    return Taxonomy(
        version=int(document["version"]),
        sub_categories={
            SuperCategory[entry["name"].upper()]: tuple(entry["sub_categories"])
            for entry in document["super_categories"]
        },
        attribute_groups=tuple(_attribute_group(entry) for entry in document["attribute_groups"]),
    )


def _attribute_group(entry: dict[str, Any]) -> AttributeGroup:
    applies_to = entry["applies_to"]
    if entry["kind"] not in {"categorical", "multi_label"}:
        raise ValueError(f"unknown kind of attribute group: {entry['kind']}")
    return AttributeGroup(
        name=entry["name"],
        kind=entry["kind"],
        values=tuple(entry["values"]),
        sub_categories=() if applies_to == "all" else tuple(applies_to),
        trained=bool(entry["trained"]),
    )
