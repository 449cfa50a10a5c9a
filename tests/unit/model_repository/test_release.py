"""The release manifest agrees with the files that it names.

It is checked here from its description in the README, apart from the code that writes it.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fingerprints
import onnx
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

TYPES: dict[int, str] = {
    onnx.TensorProto.FLOAT: "FP32",
    onnx.TensorProto.INT32: "INT32",
    onnx.TensorProto.INT64: "INT64",
    onnx.TensorProto.UINT8: "UINT8",
}
MOST_BYTES = 40_000_000
REMEDY = "run ootd-export --manifest"


@pytest.fixture(scope="module")
def manifest(model_repository: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((model_repository / "release.json").read_text())
    return content


def test_the_id_is_that_of_the_content(manifest: dict[str, Any]) -> None:
    rest = {key: value for key, value in manifest.items() if key != "id"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    assert manifest["id"] == hashlib.sha256(text.encode()).hexdigest()[:16], REMEDY


def test_every_model_is_named_with_its_digest(
    manifest: dict[str, Any], model_repository: Path
) -> None:
    files = {path.relative_to(model_repository).as_posix() for path in _files(model_repository)}
    assert {entry["file"] for entry in manifest["models"].values()} == files, REMEDY
    for entry in manifest["models"].values():
        content = (model_repository / entry["file"]).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        stated = entry["sha256"], entry["bytes"], entry["fingerprint"]
        assert stated == (digest, len(content), digest[:16]), f"{entry['file']}: {REMEDY}"


def test_the_fingerprints_are_those_that_the_graph_answers_with(
    manifest: dict[str, Any], model_repository: Path
) -> None:
    models = manifest["models"]
    assert manifest["fingerprints"] == {
        "vector": "-".join(models[name]["fingerprint"] for name in ("embedder", "crop")),
        "graph": fingerprints.fingerprints(model_repository).graph,
    }, REMEDY


def test_all_models_together_are_small(manifest: dict[str, Any]) -> None:
    assert sum(entry["bytes"] for entry in manifest["models"].values()) <= MOST_BYTES


def test_the_taxonomy_is_the_one_that_is_named(
    manifest: dict[str, Any], model_repository: Path
) -> None:
    taxonomy = json.loads((model_repository / "taxonomy.json").read_text())
    digest = hashlib.sha256(json.dumps(taxonomy, separators=(",", ":")).encode()).hexdigest()
    assert manifest["taxonomy"] == {"version": taxonomy["version"], "sha256": digest}, REMEDY


def test_the_contract_is_that_of_the_files(
    manifest: dict[str, Any], model_repository: Path
) -> None:
    for entry in manifest["models"].values():
        graph = onnx.load(model_repository / entry["file"]).graph
        weights = {weight.name for weight in graph.initializer}
        inputs = [_stated(value) for value in graph.input if value.name not in weights]
        outputs = [_stated(value) for value in graph.output]
        assert (entry["inputs"], entry["outputs"]) == (inputs, outputs), REMEDY


@pytest.mark.parametrize("variant", ["config.pbtxt", "configs/tensorrt.pbtxt"])
def test_the_contract_is_that_of_the_configurations(
    manifest: dict[str, Any], model_repository: Path, variant: str
) -> None:
    for name, entry in manifest["models"].items():
        text = (model_repository / name / variant).read_text()
        config = text_format.Parse(text, model_config_pb2.ModelConfig())
        for side, tensors in (("inputs", config.input), ("outputs", config.output)):
            stated = {tensor["name"]: tensor for tensor in entry[side]}
            assert set(stated) == {tensor.name for tensor in tensors}, (name, side)
            for tensor in tensors:
                kind = model_config_pb2.DataType.Name(tensor.data_type).removeprefix("TYPE_")
                shape = [-1] * (config.max_batch_size > 0) + list(tensor.dims)
                found = stated[tensor.name]
                assert found["type"] == kind, (name, tensor.name)
                assert len(found["shape"]) == len(shape), (name, tensor.name)
                pairs = zip(found["shape"], shape, strict=True)
                assert all(a in (b, -1) for a, b in pairs), (name, tensor.name)


def _files(model_repository: Path) -> Iterator[Path]:
    return model_repository.glob("*/1/model.onnx")


def _stated(value: onnx.ValueInfoProto) -> dict[str, object]:
    kind = value.type.tensor_type
    shape = [size.dim_value if size.HasField("dim_value") else -1 for size in kind.shape.dim]
    return {"name": value.name, "type": TYPES[kind.elem_type], "shape": shape}
