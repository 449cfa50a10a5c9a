"""Fingerprints of a model repository: what changes them, and what does not."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import fingerprints
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

CONFIG = """name: "tagger"
backend: "onnxruntime"
max_batch_size: 8
input [ { name: "CROPS" data_type: TYPE_FP32 dims: [ 3, 160, 160 ] } ]
output [
  { name: "A" data_type: TYPE_FP32 dims: [ 32 ] },
  { name: "B" data_type: TYPE_FP32 dims: [ 25 ] }
]
instance_group [ { count: 1 kind: KIND_AUTO } ]
parameters { key: "least" value { string_value: "0.5" } }
parameters { key: "most" value { string_value: "say \\"#1\\"" } }
"""

Change = Callable[[Callable[[], object]], set[str]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Four models: three with weights, one in Python."""
    for name in ("embedder", "crop", "tagger"):
        (tmp_path / name / "1").mkdir(parents=True)
        (tmp_path / name / "config.pbtxt").write_text(CONFIG)
        (tmp_path / name / "1" / "model.onnx").write_bytes(name.encode())
    (tmp_path / "verify" / "1").mkdir(parents=True)
    (tmp_path / "verify" / "config.pbtxt").write_text('backend: "python"\n')
    (tmp_path / "verify" / "1" / "model.py").write_text("rules")
    (tmp_path / "README.md").write_text("not a model")
    return tmp_path


@pytest.fixture
def change(repository: Path) -> Change:
    """Do something to the repository; tell which of vector and graph fingerprint it changed."""

    def run(edit: Callable[[], object]) -> set[str]:
        before = fingerprints.fingerprints(repository)
        edit()
        after = fingerprints.fingerprints(repository)
        assert len(after.graph) == 16
        return {name for name in ("vector", "graph") if vars(before)[name] != vars(after)[name]}

    return run


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_vector_fingerprint_is_that_of_embedder_and_crop_model(repository: Path) -> None:
    digests = [hashlib.sha256(name).hexdigest()[:16] for name in (b"embedder", b"crop")]
    assert fingerprints.fingerprints(repository).vector == "-".join(digests)


@pytest.mark.parametrize("model", ["embedder", "crop"])
def test_weights_of_stored_vectors_change_both(
    change: Change, repository: Path, model: str
) -> None:
    path = repository / model / "1" / "model.onnx"
    assert change(lambda: path.write_bytes(b"other")) == {"vector", "graph"}


@pytest.mark.parametrize("file", ["tagger/1/model.onnx", "verify/1/model.py"])
def test_any_other_file_changes_the_graph(change: Change, repository: Path, file: str) -> None:
    assert change(lambda: (repository / file).write_bytes(b"other")) == {"graph"}


def test_a_new_model_changes_the_graph(change: Change, repository: Path) -> None:
    assert change(lambda: shutil.copytree(repository / "tagger", repository / "x")) == {"graph"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"0.5"', '"0.6"'),
        ("[ 25 ]", "[ 26 ]"),
        ('"A"', '"Z"'),
        ("#1", "#2"),
        ('"least"', '"lowest"'),
        ('"onnxruntime"', '"tensorrt"'),
        ('backend: "onnxruntime"', 'backend: "onnxruntime" default_model_filename: "other.onnx"'),
    ],
)
def test_what_a_configuration_says_of_answers_changes_the_graph(
    change: Change, repository: Path, old: str, new: str
) -> None:
    config = repository / "tagger" / "config.pbtxt"
    assert change(lambda: rewrite(config, old, new)) == {"graph"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("input [", "# Written by hand { [.\ninput ["),
        ("count: 1", "count: 4"),
        ("KIND_AUTO", "KIND_GPU gpus: [ 0, 1 ]"),
        (
            "max_batch_size: 8",
            "max_batch_size: 64\ndynamic_batching { preferred_batch_size: [ 4 ] }",
        ),
        (
            'input [ { name: "CROPS" data_type: TYPE_FP32 dims: [ 3, 160, 160 ] } ]',
            'input: { name: "CROPS", data_type: TYPE_FP32, dims: [ 3 160 160 ] }',
        ),
        ("  { name:", "  {\n    name:"),
        ('value { string_value: "0.5" }', 'value: < string_value: "0.5"; >'),
        ("parameters", 'parameters { key: "intra_op_thread_count" value {} }\nparameters'),
        ("parameters", 'parameters { key: "fingerprint" value {} }\nparameters'),
        ("parameters", 'parameters { key: "graph_fingerprint" value {} }\nparameters'),
    ],
)
def test_what_it_says_of_speed_or_in_other_words_changes_nothing(
    change: Change, repository: Path, old: str, new: str
) -> None:
    config = repository / "tagger" / "config.pbtxt"
    assert change(lambda: rewrite(config, old, new)) == set()


def test_parameters_count_in_any_order(change: Change, repository: Path) -> None:
    config = repository / "tagger" / "config.pbtxt"

    def swap() -> None:
        *rest, first, second = config.read_text().splitlines()
        config.write_text("\n".join([*rest, second, first]))

    assert change(swap) == set()


def test_what_is_left_behind_changes_nothing(change: Change, repository: Path) -> None:
    def leave() -> None:
        version = repository / "verify" / "1"
        (version / "__pycache__").mkdir()
        (version / "__pycache__" / "model.pyc").write_bytes(b"x")
        (version / ".gitkeep").touch()
        (repository / "notes").mkdir()
        (repository / "tagger" / "README.md").write_text("a card")

    assert change(leave) == set()


def test_a_plan_stands_for_the_weights_beside_it(change: Change, repository: Path) -> None:
    plan = repository / "embedder" / "1" / "model.plan"
    assert change(lambda: plan.write_bytes(b"plan")) == set()
    (repository / "embedder" / "1" / "model.onnx").unlink()
    assert change(lambda: plan.write_bytes(b"another plan")) == {"vector", "graph"}


def test_the_greatest_version_counts(change: Change, repository: Path) -> None:
    def add(version: str, content: bytes) -> None:
        (repository / "embedder" / version).mkdir()
        (repository / "embedder" / version / "model.onnx").write_bytes(content)

    assert change(lambda: add("10", b"newer")) == {"vector", "graph"}
    assert change(lambda: add("9", b"older")) == set()


@pytest.mark.parametrize("model", ["embedder", "crop"])
def test_a_repository_without_neighbours_is_told(repository: Path, model: str) -> None:
    shutil.rmtree(repository / model)
    with pytest.raises(OSError, match=model):
        fingerprints.fingerprints(repository)


def test_texts_stand_in_for_configurations(repository: Path) -> None:
    path = repository / "tagger" / "config.pbtxt"
    planned = fingerprints.fingerprints(repository, {path: CONFIG.replace("0.5", "0.7")})
    rewrite(path, "0.5", "0.7")
    assert planned == fingerprints.fingerprints(repository)


def test_the_configurations_of_this_checkout_are_read_as_triton_reads_them(
    model_repository: Path,
) -> None:
    """Each tensor, parameter and step is an entry of its own."""
    for path in model_repository.glob("*/**/*.pbtxt"):
        read = fingerprints.contract(path.read_text())
        config = text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())
        for name in ("platform", "backend", "default_model_filename"):
            assert read.get(name, ['""']) == [f'"{getattr(config, name)}"'], path
        for name in ("input", "output"):
            for entry, tensor in zip(read[name], getattr(config, name), strict=True):
                words = entry.split()
                assert f'"{tensor.name}"' in words, path
                assert model_config_pb2.DataType.Name(tensor.data_type) in words, path
                dims = [word for word in words if word.lstrip("-").isdigit()]
                assert dims == list(map(str, tensor.dims)), path
        known = set(config.parameters) - fingerprints._SPEED_OR_COPY
        assert len(read["parameters"]) == len(known), path
