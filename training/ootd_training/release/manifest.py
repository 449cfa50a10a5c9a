"""The release manifest: what belongs together in a model repository, under one id.

`release.json` names each model's file with its digest, its fingerprint (embedder and crop have it
in their configurations, too) and its tensors, the fingerprints that the served graph answers with,
the taxonomy, what the models were trained on, and how far each file was from PyTorch when it was
exported. It holds no date and no path of a machine, so that the same checkpoints exported in the
same environment have the same id.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto

from ootd_training.release import model_config
from ootd_training.served.triton_config import Tensor, config_tensors, max_batch_size

FILE = "release.json"
INCOMING = ".incoming"
"""Suffix of files of a release that is being installed."""
FORMAT = 1
ID_LENGTH = 16  # hexadecimal digits
MOST_BYTES = 40_000_000
"""Largest size of all models together."""

TYPES: Mapping[int, str] = {
    TensorProto.FLOAT: "FP32",
    TensorProto.FLOAT16: "FP16",
    TensorProto.UINT8: "UINT8",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64",
    TensorProto.BOOL: "BOOL",
}
"""ONNX's element types by the names that Triton has for them."""

Manifest = dict[str, Any]


def models(repository: Path) -> list[str]:
    """Names of the models that are ONNX files."""
    return sorted(path.parent.parent.name for path in repository.glob("*/1/model.onnx"))


def model_path(repository: Path, name: str) -> Path:
    """The ONNX file of a model."""
    return repository / name / "1" / "model.onnx"


def digest(content: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def release_id(manifest: Mapping[str, Any]) -> str:
    """The id that follows from everything else in a manifest."""
    rest = {key: value for key, value in manifest.items() if key != "id"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return digest(text.encode())[:ID_LENGTH]


def tensors(path: Path) -> tuple[list[Tensor], list[Tensor]]:
    """Inputs and outputs of an ONNX file."""
    graph = onnx.load(path, load_external_data=False).graph
    weights = {weight.name for weight in graph.initializer}
    inputs = [_tensor(value) for value in graph.input if value.name not in weights]
    return inputs, [_tensor(value) for value in graph.output]


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    shape = [size.dim_value if size.HasField("dim_value") else -1 for size in kind.shape.dim]
    return {"name": value.name, "type": TYPES[kind.elem_type], "shape": shape}


def model_entry(repository: Path, name: str, training: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the manifest says of one model; `training` is None for one that is computed."""
    path = model_path(repository, name)
    content = path.read_bytes()
    inputs, outputs = tensors(path)
    return {
        "file": path.relative_to(repository).as_posix(),
        "sha256": digest(content),
        "bytes": len(content),
        "fingerprint": digest(content)[: model_config.FINGERPRINT_LENGTH],
        "inputs": inputs,
        "outputs": outputs,
        "training": None if training is None else dict(training),
    }


def describe(
    repository: Path, training: Mapping[str, Mapping[str, Any] | None], version: str
) -> Manifest:
    """The manifest of the files that are in a repository now.

    `training` says how each model was trained and on what, `version` is this package's.
    """
    taxonomy = json.loads((repository / "taxonomy.json").read_text())
    served = model_config.fingerprints(repository)
    manifest: Manifest = {
        "format": FORMAT,
        "code_version": version,
        "fingerprints": {"vector": served.vector, "graph": served.graph},
        "models": {
            name: model_entry(repository, name, training.get(name)) for name in models(repository)
        },
        "taxonomy": {
            "version": taxonomy["version"],
            "sha256": digest(model_config.taxonomy_parameter(repository).encode()),
        },
    }
    return {"id": release_id(manifest), **manifest}


def read(repository: Path) -> Manifest | None:
    """The manifest of a repository, None where there is none.

    ValueError if it is no manifest that this version can read.
    """
    path = repository / FILE
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON ({error}); write it anew with ootd-export") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{path} is no manifest of format {FORMAT}; write it anew: ootd-export")
    return manifest


def text(manifest: Manifest) -> str:
    """The manifest as it is written to `release.json`; a tensor takes one line."""
    whole = json.dumps(manifest, indent=2)
    flat = re.compile(r"\{\s+\"name\": [^{}]*\}")
    return flat.sub(lambda match: " ".join(match.group().split()), whole) + "\n"


def total_bytes(manifest: Manifest) -> int:
    """Size of all models together."""
    return sum(entry["bytes"] for entry in manifest["models"].values())


def faults(repository: Path) -> list[str]:
    """In what a repository and its manifest disagree: a sentence each, none if they agree."""
    leftovers = sorted(path.name for path in repository.rglob(f"*{INCOMING}"))
    if leftovers:
        return [f"an export was interrupted ({', '.join(leftovers)}); run it again"]
    manifest = read(repository)
    if manifest is None:
        return [f"{repository / FILE} is missing; write it: ootd-export --manifest"]
    return list(_faults(repository, manifest))


def _faults(repository: Path, manifest: Manifest) -> Iterator[str]:
    if manifest["id"] != release_id(manifest):
        yield f"{FILE} was changed by hand: its id is not that of its content"
    present, named = models(repository), sorted(manifest["models"])
    if present != named:
        yield f"{FILE} names the models {', '.join(named)}; there are {', '.join(present)}"
    for name in sorted(set(present) & set(named)):
        yield from _model_faults(repository, name, manifest["models"][name])
    now = describe(repository, {}, "")
    for name, value in now["fingerprints"].items():
        stated = manifest.get("fingerprints", {}).get(name)
        if stated != value:
            yield f"{FILE} says {name} fingerprint {stated}, the files {value}"
    if now["taxonomy"] != manifest["taxonomy"]:
        yield f"{FILE} says taxonomy {manifest['taxonomy']}, the file {now['taxonomy']}"
    for path in model_config.outdated(repository):
        yield f"{path.relative_to(repository)} is not up to date: ootd-export --manifest"


def _model_faults(repository: Path, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    now = model_entry(repository, name, entry["training"])
    for key, value in now.items():
        if entry.get(key) != value:
            yield f"{name}: {FILE} says {key} {entry.get(key)}, the file {value}"
    for config in ("config.pbtxt", "configs/tensorrt.pbtxt"):
        path = repository / name / config
        if path.exists():
            for fault in contract_faults(now, path.read_text()):
                yield f"{name}/{config}: {fault}"


def contract_faults(entry: Mapping[str, Any], config: str) -> Iterator[str]:
    """Where a config.pbtxt and a model's tensors disagree."""
    batched = max_batch_size(config) > 0
    for side in ("input", "output"):
        wanted = {tensor["name"]: tensor for tensor in config_tensors(config, side, batched)}
        found = {tensor["name"]: tensor for tensor in entry[f"{side}s"]}
        if set(wanted) != set(found):
            yield f"{side}s are {', '.join(wanted)}, the model's {', '.join(found)}"
        for name in set(wanted) & set(found):
            if not _fits(wanted[name], found[name]):
                yield f"{side} {wanted[name]} is {found[name]} in the model"


def _fits(wanted: Tensor, found: Tensor) -> bool:
    return (
        wanted["type"] == found["type"]
        and len(wanted["shape"]) == len(found["shape"])
        and all(b in (a, -1) for a, b in zip(wanted["shape"], found["shape"], strict=True))
    )
