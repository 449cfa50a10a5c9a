"""Which models answer: fingerprints of the files of a model repository, as Triton loads them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypedDict

LENGTH = 16  # hexadecimal digits
VECTOR_MODELS = ("embedder", "crop")
"""The models that make what a catalogue stores of a garment and compares: the embedding, the crop
and its colour histogram."""

VECTOR_PARAMETER = "vector_fingerprint"
GRAPH_PARAMETER = "graph_fingerprint"

_WEIGHTS = "model.onnx"
# What decides about answers; all else (batching, instances, warm-up) decides about speed.
_FIELDS = (
    "platform",
    "backend",
    "default_model_filename",
    "input",
    "output",
    "parameters",
    "ensemble_scheduling",
)
_SPEED_OR_COPY = {
    "intra_op_thread_count",
    "inter_op_thread_count",
    "num_threads",
    "fingerprint",
    VECTOR_PARAMETER,
    GRAPH_PARAMETER,
}
"""Parameters that change no answer: numbers of threads, and fingerprints that were written down."""

_TOKEN = re.compile(
    r"""\#[^\n]* | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | [\[\]{}<>:,;] | [^\s\[\]{}<>:,;"'\#]+""",
    re.VERBOSE,
)
_OPENING, _CLOSING = {"{", "[", "<"}, {"}", "]", ">"}
_QUOTES = ("'", '"')
_BLOCK = 1 << 20  # bytes read at a time

Tokens = list[str]


class _Model(TypedDict):
    """What the graph's fingerprint is made of, of one model; its keys are part of the digest."""

    configuration: dict[str, list[str]]
    files: dict[str, str]


@dataclass(frozen=True)
class Fingerprints:
    """``vector`` is that of embedder and crop model, such as "3f2a...-81d0..."; ``graph`` that of
    all models and rules, 16 hexadecimal digits. Either is "" where it is not known."""

    vector: str
    graph: str

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> Fingerprints:
        """Those that the export wrote into the parameters of a configuration."""
        return cls(parameters.get(VECTOR_PARAMETER, ""), parameters.get(GRAPH_PARAMETER, ""))


def fingerprints(
    repository: Path, configurations: Mapping[Path, str] | None = None
) -> Fingerprints:
    """The fingerprints of the model folders in ``repository``.

    ``configurations``: texts that stand in for configurations on disk, by their path. Raises
    OSError where a folder cannot be read, or embedder or crop model is not there.
    """
    folders = [path for path in sorted(Path(repository).iterdir()) if _is_model(path)]
    models: dict[str, _Model] = {
        folder.name: {
            "configuration": _configuration(folder / "config.pbtxt", configurations or {}),
            "files": served_files(folder),
        }
        for folder in folders
    }
    vector = "-".join(_digest_of_files(models, name)[:LENGTH] for name in VECTOR_MODELS)
    graph = hashlib.sha256(json.dumps(models, sort_keys=True).encode()).hexdigest()
    return Fingerprints(vector, graph[:LENGTH])


def served_files(folder: Path) -> dict[str, str]:
    """SHA-256 (hexadecimal) of the files of a model's greatest version, by name.

    Where there is a ``model.onnx`` it stands for all: a plan beside it was built from it.
    """
    versions = [path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()]
    if not versions:
        return {}
    version = max(versions, key=lambda path: int(path.name))
    if (version / _WEIGHTS).is_file():
        return {_WEIGHTS: _sha256(version / _WEIGHTS)}
    return {
        path.relative_to(version).as_posix(): _sha256(path)
        for path in sorted(version.rglob("*"))
        if path.is_file() and not _is_passing(path.relative_to(version))
    }


def contract(text: str) -> dict[str, list[str]]:
    """What a config.pbtxt says that decides about answers: its fields, one string an entry.

    Comments, spelling and the order of parameters make no difference.
    """
    found: dict[str, list[str]] = {}
    for name, values in _fields(_TOKEN.findall(text)):
        if name not in _FIELDS:
            continue
        entries = [value for value in values if name != "parameters" or _decides(value)]
        found.setdefault(name, []).extend(" ".join(entry) for entry in entries)
    found["parameters"] = sorted(found.get("parameters", []))
    return found


def _configuration(path: Path, stand_ins: Mapping[Path, str]) -> dict[str, list[str]]:
    if path in stand_ins:
        return contract(stand_ins[path])
    return contract(path.read_text(encoding="utf-8"))


def _is_model(path: Path) -> bool:
    return path.is_dir() and (path / "config.pbtxt").is_file()


def _is_passing(path: PurePath) -> bool:
    """What Python or an editor leaves behind, and what only keeps a folder in git."""
    return any(part == "__pycache__" or part.startswith(".") for part in path.parts)


def _digest_of_files(models: Mapping[str, _Model], name: str) -> str:
    files = models[name]["files"] if name in models else {}
    if not files:
        raise FileNotFoundError(f"there is no file of the model {name}")
    if list(files) == [_WEIGHTS]:
        return files[_WEIGHTS]
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _fields(tokens: Tokens) -> Iterator[tuple[str, list[Tokens]]]:
    """The top-level fields of protobuf's text format: pairs of a name and its values, each a list
    of tokens; a list of values, ``[ {...}, {...} ]``, counts as several."""
    tokens = [token for token in tokens if not token.startswith("#")]
    position = 0
    while position < len(tokens):
        name = tokens[position]
        position += 1
        if name in {",", ";"}:
            continue
        if tokens[position : position + 1] == [":"]:
            position += 1
        end = _end(tokens, position)
        value = tokens[position:end]
        position = end
        yield name, _elements(value) if value[:1] == ["["] else [_plain(value)]


def _end(tokens: Tokens, start: int) -> int:
    """Where the value that begins at ``start`` ends."""
    depth = 0
    for position in range(start, len(tokens)):
        depth += (tokens[position] in _OPENING) - (tokens[position] in _CLOSING)
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        # Strings side by side are one.
        goes_on = tokens[position][0] in _QUOTES and following[:1] in _QUOTES and following
        if depth == 0 and not goes_on:
            return position + 1
    return len(tokens)


def _elements(value: Tokens) -> list[Tokens]:
    """The elements of a list, without its brackets."""
    elements: list[Tokens] = []
    position = 1
    while position < len(value) - 1:
        if value[position] == ",":
            position += 1
            continue
        end = _end(value, position)
        elements.append(_plain(value[position:end]))
        position = end
    return elements


def _plain(tokens: Tokens) -> Tokens:
    """Without what may be written or left out."""
    spelled = {"<": "{", ">": "}"}
    return [spelled.get(token, token) for token in tokens if token not in {",", ";", ":"}]


def _decides(entry: Tokens) -> bool:
    """Whether a parameter, tokens ``{ key "name" value {...} }``, can change an answer."""
    if "key" not in entry[:-1]:
        return True
    return entry[entry.index("key") + 1].strip("".join(_QUOTES)) not in _SPEED_OR_COPY
