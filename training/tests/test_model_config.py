"""Writing generated parameters into config.pbtxt files."""

import json

import pytest

from ootd_training.export.model_config import fingerprint, set_parameter, update

CONFIG = 'name: "verify"\nparameters { key: "other" value { string_value: "1" } }\n'


def test_a_new_parameter_is_added_at_the_end():
    text = set_parameter(CONFIG, "taxonomy", "{}")
    assert text == CONFIG + 'parameters { key: "taxonomy" value { string_value: "{}" } }\n'


def test_a_known_parameter_is_replaced_where_it_is():
    text = set_parameter(CONFIG + "# after\n", "other", r'a "b" \d')
    line = r'parameters { key: "other" value { string_value: "a \"b\" \\d" } }'
    assert text == f'name: "verify"\n{line}\n# after\n'


@pytest.fixture
def repository(tmp_path):
    for name in ("verify/config.pbtxt", "embedder/config.pbtxt", "embedder/configs/tensorrt.pbtxt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f'name: "{name}"\n')
    (tmp_path / "embedder" / "1").mkdir()
    (tmp_path / "embedder" / "1" / "model.onnx").write_bytes(b"weights")
    (tmp_path / "taxonomy.json").write_text(json.dumps({"version": 1}, indent=1))
    return tmp_path


def test_update_writes_what_changed_and_nothing_else(repository):
    assert len(update(repository)) == 3
    assert update(repository) == []
    assert r"{\"version\":1}" in (repository / "verify" / "config.pbtxt").read_text()
    before = fingerprint(repository)
    (repository / "embedder" / "1" / "model.onnx").write_bytes(b"other weights")
    assert [path.name for path in update(repository)] == ["config.pbtxt", "tensorrt.pbtxt"]
    after = fingerprint(repository)
    assert after != before
    assert after in (repository / "embedder" / "config.pbtxt").read_text()
