"""Writes what is known only after an export into the models' configurations.

``python -m ootd_training.release.model_config`` does all of it: the taxonomy goes into ``verify``
(models are deployed one by one, so it cannot read its neighbour's file), what its trained attribute
groups make of tensors' shapes into all configurations, the fingerprints of ``embedder`` and
``crop`` into theirs (embeddings and colour histograms of two fingerprints must never be compared).
Needs nothing but Python.
"""

import argparse
import hashlib
import json
import re
from pathlib import Path

FINGERPRINT_LENGTH = 16  # hexadecimal digits
FINGERPRINTED = ("crop", "embedder")
"""The models that decide what a catalogue stores of a garment and compares. The others decide which
garments there are and how they are named."""


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


def fingerprint(repository: Path, model: str) -> str:
    """What tells this model from any other: 16 hexadecimal digits of its file's SHA-256."""
    content = (repository / model / "1" / "model.onnx").read_bytes()
    return hashlib.sha256(content).hexdigest()[:FINGERPRINT_LENGTH]


def outdated(repository: Path) -> dict[Path, str]:
    """The configurations that are not up to date, and what they should say."""
    parameters = {"verify/config.pbtxt": ("taxonomy", taxonomy_parameter(repository))}
    for model in FINGERPRINTED:
        parameter = ("fingerprint", fingerprint(repository, model))
        parameters[f"{model}/config.pbtxt"] = parameter
        parameters[f"{model}/configs/tensorrt.pbtxt"] = parameter
    widths = columns(repository)
    wanted = {}
    for path in sorted(repository.glob("**/*.pbtxt")):
        before = after = path.read_text()
        for tensor, width in widths.items():
            after = set_columns(after, tensor, width)
        name = path.relative_to(repository).as_posix()
        if name in parameters:
            after = set_parameter(after, *parameters[name])
        if after != before:
            wanted[path] = after
    return wanted


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
