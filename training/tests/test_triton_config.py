"""Triton's configurations, and that those of this checkout are what Triton reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from ootd_training.release.manifest import contract_faults, model_path, models, tensors
from ootd_training.served.triton_config import (
    config_tensors,
    max_batch_size,
    parse_config,
    string_parameters,
)
from ootd_training.taxonomy import REPOSITORY

CONFIGS = sorted(REPOSITORY.rglob("*.pbtxt"))
TEXT = """# Comments and line breaks are anywhere.
name: "tagger" max_batch_size: 8
input [ { name: "CROPS"
  data_type: TYPE_FP32 dims: [ 3, 160, 160 ] } ]
parameters { key: "x" value { string_value: "{\\"a\\": 1}" } }
"""


def test_names_types_and_shapes_are_read_wherever_they_stand():
    shape = [3, 160, 160]
    assert config_tensors(TEXT, "input", batched=False) == [
        {"name": "CROPS", "type": "FP32", "shape": shape}
    ]
    assert config_tensors(TEXT, "input", batched=True)[0]["shape"] == [-1, *shape]
    assert config_tensors(TEXT, "output", batched=True) == []
    assert max_batch_size(TEXT) == 8
    assert string_parameters(TEXT) == {"x": '{"a": 1}'}


@pytest.mark.parametrize(
    ("text", "said"), [("nam: 1", 'no field named "nam"'), ("input [ {", "Expected"), ("x", "x")]
)
def test_what_is_no_configuration_is_said(text, said):
    with pytest.raises(ValueError, match="not a configuration of a model for Triton: ") as raised:
        parse_config(text)
    assert said in str(raised.value)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_every_configuration_of_this_checkout_is_one(path: Path) -> None:
    folder = path.parent.parent if path.parent.name == "configs" else path.parent
    config = parse_config(path.read_text())
    assert config.name == folder.name
    assert config.input
    assert config.output
    if folder.name in models(REPOSITORY):
        inputs, outputs = tensors(model_path(REPOSITORY, folder.name))
        entry = {"inputs": inputs, "outputs": outputs}
        assert list(contract_faults(entry, path.read_text())) == []


def test_the_configurations_have_all_steps_of_the_graph():
    steps = parse_config((REPOSITORY / "ootd/config.pbtxt").read_text()).ensemble_scheduling.step
    names = {path.parent.name for path in CONFIGS}
    assert {step.model_name for step in steps} <= names
