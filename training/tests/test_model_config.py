"""Writing generated parameters into config.pbtxt files."""

import json

import pytest

from ootd_training.release.model_config import (
    fingerprints,
    set_columns,
    set_parameter,
    update,
)
from ootd_training.served.rules import parameters

CONFIGS = ("config.pbtxt", "configs/tensorrt.pbtxt")
CONFIG = 'name: "verify"\nparameters { key: "other" value { string_value: "1" } }\n'


def test_a_new_parameter_is_added_at_the_end():
    text = set_parameter(CONFIG, "taxonomy", "{}")
    assert text == CONFIG + 'parameters { key: "taxonomy" value { string_value: "{}" } }\n'


def test_a_known_parameter_is_replaced_where_it_is():
    text = set_parameter(CONFIG + "# after\n", "other", r'a "b" \d')
    line = r'parameters { key: "other" value { string_value: "a \"b\" \\d" } }'
    assert text == f'name: "verify"\n{line}\n# after\n'


def test_the_columns_of_one_tensor_are_set():
    text = (
        '  { name: "A" data_type: TYPE_FP32 dims: [ -1, 19 ] },\n'
        '  { name: "A" data_type: TYPE_FP32 dims: [ 19 ] },\n'
        '  { name: "B" data_type: TYPE_FP32 dims: [ -1, 19 ] }\n'
    )
    assert set_columns(text, "A", 25) == text.replace("19", "25", 2)


@pytest.fixture
def repository(tmp_path):
    names = [f"{model}/{name}" for model in ("embedder", "crop", "tagger") for name in CONFIGS]
    for name in ("verify/config.pbtxt", *names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f'name: "{name}"\n')
    for model in ("embedder", "crop", "tagger"):
        (tmp_path / model / "1").mkdir()
        (tmp_path / model / "1" / "model.onnx").write_bytes(model.encode())
    write_taxonomy(tmp_path, "blue")
    return tmp_path


def write_taxonomy(repository, *colors):
    groups = [
        {"name": "color", "trained": True, "values": colors},
        {"name": "fit", "trained": False, "values": ["slim", "wide"]},
    ]
    document = {"version": 1, "attribute_groups": groups}
    (repository / "taxonomy.json").write_text(json.dumps(document, indent=1))


def test_update_writes_what_changed_and_nothing_else(repository):
    assert update(repository) == [repository / "verify" / "config.pbtxt"]
    assert update(repository) == []
    assert r"{\"version\":1," in (repository / "verify" / "config.pbtxt").read_text()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("embedder", {"vector_fingerprint", "graph_fingerprint"}),
        ("crop", {"vector_fingerprint", "graph_fingerprint"}),
        ("tagger", {"graph_fingerprint"}),
    ],
)
def test_verify_carries_the_fingerprints_of_all_models(repository, model, expected):
    update(repository)
    verify = repository / "verify" / "config.pbtxt"
    before = parameters(verify)
    (repository / model / "1" / "model.onnx").write_bytes(b"other weights")
    assert update(repository) == [verify]
    after = parameters(verify)
    assert {name for name in after if after[name] != before[name]} == expected


def test_what_verify_carries_is_what_it_would_reckon(repository):
    """Also where the same update has just changed another configuration."""
    write_taxonomy(repository, "blue", "red")
    update(repository)
    served = fingerprints(repository)
    carried = parameters(repository / "verify" / "config.pbtxt")
    assert carried["vector_fingerprint"] == served.vector
    assert carried["graph_fingerprint"] == served.graph


def test_untrained_groups_have_no_columns(repository):
    config = repository / "verify" / "config.pbtxt"
    config.write_text(
        'input [ { name: "ATTRIBUTE_PROBABILITIES" data_type: TYPE_FP32 dims: [ 9 ] } ]\n'
    )
    sequencer = repository / "sequencer" / "config.pbtxt"
    sequencer.parent.mkdir()
    sequencer.write_text('output [ { name: "SEQUENCE" data_type: TYPE_INT32 dims: [ 9 ] } ]\n')
    update(repository)
    assert "dims: [ 1 ]" in config.read_text()
    assert "dims: [ 3 ]" in sequencer.read_text()  # sub-category, colour, end
    write_taxonomy(repository, "blue", "red", "green")
    assert update(repository) == [config]
    assert "dims: [ 3 ]" in config.read_text()
