"""The configurations agree with the files that they were written from."""

import json
from collections.abc import Callable
from pathlib import Path

import fingerprints
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

MEMBERS = ("decode", "detector", "select", "crop", "tagger", "sequencer", "embedder", "verify")

Configurations = Callable[[str], model_config_pb2.ModelConfig]
Tensor = tuple[int, list[int]]
"""Data type and shape."""


def _read(path: Path) -> model_config_pb2.ModelConfig:
    return text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())


@pytest.fixture(scope="module")
def config(model_repository: Path) -> Configurations:
    def read(name: str) -> model_config_pb2.ModelConfig:
        return _read(model_repository / name / "config.pbtxt")

    return read


def test_verify_carries_the_taxonomy(config: Configurations, model_repository: Path) -> None:
    carried = json.loads(config("verify").parameters["taxonomy"].string_value)
    assert carried == json.loads((model_repository / "taxonomy.json").read_text()), (
        "run python -m ootd_training.release.model_config"
    )


def test_verify_carries_the_fingerprints_of_all_models(
    config: Configurations, model_repository: Path
) -> None:
    """Where it can't read its neighbours' files, it answers with these."""
    parameters = config("verify").parameters
    carried = {name: parameters[f"{name}_fingerprint"].string_value for name in ("vector", "graph")}
    assert carried == vars(fingerprints.fingerprints(model_repository)), (
        "run python -m ootd_training.release.model_config"
    )


@pytest.mark.parametrize("name", ["tagger", "sequencer"])
def test_columns_of_the_taxonomy_are_those_of_the_tensors(
    config: Configurations, model_repository: Path, name: str
) -> None:
    taxonomy = json.loads((model_repository / "taxonomy.json").read_text())
    subs = sum(len(entry["sub_categories"]) for entry in taxonomy["super_categories"])
    groups = taxonomy["attribute_groups"]
    trained = [group["values"] for group in groups if group["trained"]]
    expected = {
        "SUB_PROBABILITIES": [subs],
        "ATTRIBUTE_PROBABILITIES": [sum(map(len, trained))],
        # A sub-category, a value of each group, the end.
        "SEQUENCE": [len(trained) + 2],
    }
    if name == "tagger":
        del expected["SEQUENCE"]
    dims = {tensor.name: list(tensor.dims) for tensor in config(name).output}
    assert dims == expected, "run python -m ootd_training.release.model_config"


def test_the_taxonomy_has_the_groups_of_the_contract(model_repository: Path) -> None:
    taxonomy = json.loads((model_repository / "taxonomy.json").read_text())
    groups = taxonomy["attribute_groups"]
    kinds = [group["kind"] for group in groups]
    assert (kinds.count("categorical"), kinds.count("multi_label")) == (11, 7)
    names = [group["name"] for group in groups]
    assert len(set(names)) == 18
    subs = {name for entry in taxonomy["super_categories"] for name in entry["sub_categories"]}
    for group in groups:
        assert len(set(group["values"])) == len(group["values"]) > 1, group["name"]
        assert group["applies_to"] == "all" or set(group["applies_to"]) <= subs, group["name"]
    trained = [group["trained"] for group in groups]
    assert trained == sorted(trained, reverse=True), "trained groups come first"


@pytest.mark.parametrize("name", [*MEMBERS, "ootd", "ootd_sequence"])
def test_the_variant_for_gpus_keeps_the_tensors(
    config: Configurations, model_repository: Path, name: str
) -> None:
    usual = config(name)
    variant = model_repository / name / "configs" / "tensorrt.pbtxt"
    if not variant.exists():
        assert name in {"select", "verify", "ootd", "ootd_sequence"}
        return
    other = _read(variant)
    assert list(usual.input) == list(other.input)
    assert list(usual.output) == list(other.output)
    assert usual.max_batch_size == other.max_batch_size
    kinds = {group.kind for group in other.instance_group}
    assert kinds == {model_config_pb2.ModelInstanceGroup.KIND_GPU}


def test_the_ensembles_differ_in_the_attribute_model_alone(config: Configurations) -> None:
    usual, other = config("ootd"), config("ootd_sequence")
    other.name = "ootd"
    for step in other.ensemble_scheduling.step:
        step.output_map.pop("GUIDE_SUPERS", None)
        if step.model_name == "sequencer":
            step.model_name = "tagger"
            assert step.input_map.pop("GUIDE_SUPERS") == "GUIDE_SUPERS"
    assert other == usual


@pytest.mark.parametrize("name", ["ootd", "ootd_sequence"])
def test_the_ensemble_maps_tensors_of_equal_type_and_shape(
    config: Configurations, name: str
) -> None:
    """Triton checks some of this at start; a mismatch named here needs no server."""
    ensemble = config(name)
    known = {tensor.name: _shape(tensor, 0) for tensor in ensemble.input}
    for step in ensemble.ensemble_scheduling.step:
        member = config(step.model_name)
        for tensor in member.input:
            expected = known[step.input_map[tensor.name]]
            assert _fits(_shape(tensor, member.max_batch_size), expected), (member.name, tensor)
        for tensor in member.output:
            if tensor.name in step.output_map:
                known[step.output_map[tensor.name]] = _shape(tensor, member.max_batch_size)
    for tensor in ensemble.output:
        assert _fits(_shape(tensor, 0), known[tensor.name]), tensor


def _shape(
    tensor: model_config_pb2.ModelInput | model_config_pb2.ModelOutput, max_batch_size: int
) -> Tensor:
    return tensor.data_type, [-1] * (max_batch_size > 0) + list(tensor.dims)


def _fits(one: Tensor, other: Tensor) -> bool:
    return (
        one[0] == other[0]
        and len(one[1]) == len(other[1])
        and all(a == b or -1 in (a, b) for a, b in zip(one[1], other[1], strict=True))
    )
