"""Writes what is known only after an export into the models' configurations.

``python -m ootd_training.release.model_config`` does all of it: the taxonomy goes into ``verify``
(so that it needs no other file), what its trained attribute groups make of tensors' shapes into
all configurations, and the fingerprints of the served files into ``verify``, which reckons them
itself where it can read its neighbours. Needs nothing but Python.
"""

import argparse
import importlib.util
import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3] / "model_repository"
FINGERPRINT_LENGTH = 16  # hexadecimal digits


def set_parameter(config: str, key: str, value: str) -> str:
    """The text of a config.pbtxt with a string parameter set; added at its end if it is new."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    line = f'parameters {{ key: "{key}" value {{ string_value: "{escaped}" }} }}'
    pattern = re.compile(rf'^parameters {{ key: "{re.escape(key)}" .*$', re.MULTILINE)
    if pattern.search(config):
        return pattern.sub(lambda _match: line, config)
    return f"{config.rstrip()}\n{line}\n"


def set_columns(config: str, tensor: str, columns: int) -> str:
    """The text of a config.pbtxt with the last dimension of a tensor set, wherever it is named."""
    pattern = re.compile(
        rf'(name: "{re.escape(tensor)}" data_type: \w+ dims: \[ (?:-1, )?)\d+(?= \])'
    )
    return pattern.sub(rf"\g<1>{columns}", config)


def columns(repository: Path) -> dict[str, int]:
    """How wide the tensors are that depend on the trained attribute groups.

    A column for each of their values; a sequence has at most a sub-category, a value of each group,
    and the end.
    """
    taxonomy = json.loads((repository / "taxonomy.json").read_text())
    groups = [group["values"] for group in taxonomy["attribute_groups"] if group["trained"]]
    values = sum(map(len, groups))
    return {
        "ATTRIBUTE_PROBABILITIES": values,
        "GARMENT_ATTRIBUTES": values,
        "SEQUENCE": len(groups) + 2,
    }


def taxonomy_parameter(repository: Path) -> str:
    """The content of taxonomy.json in one line."""
    taxonomy = json.loads((repository / "taxonomy.json").read_text())
    return json.dumps(taxonomy, separators=(",", ":"))


@cache
def fingerprints_module() -> ModuleType:
    """The fingerprints' code, from where Triton finds it."""
    path = REPOSITORY / "verify" / "1" / "fingerprints.py"
    spec = importlib.util.spec_from_file_location("served_fingerprints", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def fingerprints(repository: Path, configurations: Mapping[Path, str] | None = None) -> Any:
    """What the served graph will say of this repository: `vector` and `graph`.

    `configurations` are texts that are about to be written. OSError where embedder or crop model
    are missing.
    """
    return fingerprints_module().fingerprints(repository, configurations)


def outdated(repository: Path) -> dict[Path, str]:
    """The configurations that are not up to date, and what they should say."""
    verify = repository / "verify" / "config.pbtxt"
    widths = columns(repository)
    texts = {}
    for path in sorted(repository.glob("**/*.pbtxt")):
        texts[path] = path.read_text()
        for tensor, width in widths.items():
            texts[path] = set_columns(texts[path], tensor, width)
    texts[verify] = set_parameter(texts[verify], "taxonomy", taxonomy_parameter(repository))
    # Last: they are those of all the others.
    found = fingerprints(repository, texts)
    module = fingerprints_module()
    texts[verify] = set_parameter(texts[verify], module.VECTOR_PARAMETER, found.vector)
    texts[verify] = set_parameter(texts[verify], module.GRAPH_PARAMETER, found.graph)
    return {path: text for path, text in texts.items() if text != path.read_text()}


def update(repository: Path) -> list[Path]:
    """Bring the configurations of the repository up to date; returns those that changed."""
    wanted = outdated(repository)
    for path, text in wanted.items():
        path.write_text(text)
    return list(wanted)


def main() -> None:
    """Update the model repository given, by default ``model_repository``."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("repository", type=Path, nargs="?", default=Path("model_repository"))
    for path in update(arguments.parse_args().repository):
        print(f"updated {path}")


if __name__ == "__main__":
    main()
