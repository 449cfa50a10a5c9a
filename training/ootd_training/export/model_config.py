"""Writes what is known only after an export into the models' configurations.

``python -m ootd_training.export.model_config`` does all of it: the taxonomy goes into ``verify``
(models are deployed one by one, so it cannot read its neighbour's file), the embedder's fingerprint
into ``embedder`` (vectors of two fingerprints must never be compared). Needs nothing but Python.
"""

import argparse
import hashlib
import json
import re
from pathlib import Path

_FINGERPRINT_LENGTH = 16  # hexadecimal digits


def set_parameter(config: str, key: str, value: str) -> str:
    """The text of a config.pbtxt with a string parameter set; added at its end if it is new."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    line = f'parameters {{ key: "{key}" value {{ string_value: "{escaped}" }} }}'
    pattern = re.compile(rf'^parameters {{ key: "{re.escape(key)}" .*$', re.MULTILINE)
    if pattern.search(config):
        return pattern.sub(lambda _match: line, config)
    return f"{config.rstrip()}\n{line}\n"


def taxonomy_parameter(repository: Path) -> str:
    """The content of taxonomy.json in one line."""
    taxonomy = json.loads((repository / "taxonomy.json").read_text())
    return json.dumps(taxonomy, separators=(",", ":"))


def fingerprint(repository: Path) -> str:
    """What tells this embedder from any other: 16 hexadecimal digits of its file's SHA-256."""
    model = (repository / "embedder" / "1" / "model.onnx").read_bytes()
    return hashlib.sha256(model).hexdigest()[:_FINGERPRINT_LENGTH]


def update(repository: Path) -> list[Path]:
    """Bring the configurations of the repository up to date; returns those that changed."""
    wanted = {
        "verify/config.pbtxt": ("taxonomy", taxonomy_parameter(repository)),
        "embedder/config.pbtxt": ("fingerprint", fingerprint(repository)),
        "embedder/configs/tensorrt.pbtxt": ("fingerprint", fingerprint(repository)),
    }
    changed = []
    for name, (key, value) in wanted.items():
        path = repository / name
        before = path.read_text()
        after = set_parameter(before, key, value)
        if after != before:
            path.write_text(after)
            changed.append(path)
    return changed


def main() -> None:
    """Update the model repository given, by default ``model_repository``."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("repository", type=Path, nargs="?", default=Path("model_repository"))
    for path in update(arguments.parse_args().repository):
        print(f"updated {path}")


if __name__ == "__main__":
    main()
