"""Plans: clear errors where they can't be built, and what TensorRT is told where they can."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

import pytest
from small_repository import write_repository

from ootd_training.console.errors import CommandError
from ootd_training.release import plans
from ootd_training.taxonomy import REPOSITORY


@pytest.fixture
def repository(tmp_path):
    folder = write_repository(tmp_path / "models")
    path = folder / "tagger" / plans.VARIANT
    path.write_text(path.read_text() + 'platform: "tensorrt_plan"\n')
    return folder


class Engine:
    """What TensorRT says of a plan whose tensors are those of the configuration."""

    num_io_tensors = 2

    def __init__(self, side=160):
        self.side = side

    def get_tensor_name(self, index):
        return ("CROPS", "SAME")[index]

    def get_tensor_mode(self, name):
        return {"CROPS": "in", "SAME": "out"}[name]

    def get_tensor_shape(self, _name):
        return (-1, 3, self.side, self.side)

    def get_tensor_dtype(self, _name):
        return SimpleNamespace(name="FLOAT")


@pytest.fixture
def tensorrt(monkeypatch):
    """A stand-in for TensorRT that builds the plan `b"plan"`."""
    module = MagicMock(spec=ModuleType("tensorrt"))
    module.__version__ = "10.4.0"
    for name in ("Logger", "Builder", "OnnxParser", "BuilderFlag", "MemoryPoolType", "Runtime"):
        setattr(module, name, MagicMock(name=name))
    module.TensorIOMode = SimpleNamespace(INPUT="in")
    module.Builder.return_value.build_serialized_network.return_value = b"plan"
    module.Runtime.return_value.deserialize_cuda_engine.return_value = Engine()
    monkeypatch.setitem(sys.modules, "tensorrt", module)
    monkeypatch.setattr(plans, "_has_gpu", lambda: True)
    return module


def test_without_tensorrt_the_error_says_how_to_get_it(repository, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(CommandError, match=r"pip install './training\[tensorrt\]'"):
        plans.build_plans(repository)


def test_without_a_gpu_the_error_says_where_to_build(repository, tensorrt, monkeypatch):
    monkeypatch.setattr(plans, "_has_gpu", lambda: False)
    with pytest.raises(CommandError, match="run ootd-export --tensorrt on the server"):
        plans.build_plans(repository)


def test_other_versions_are_refused(repository, tensorrt):
    tensorrt.__version__ = "11.0.1"
    with pytest.raises(CommandError, match=r"TensorRT 10, this is 11\.0\.1"):
        plans.build_plans(repository)


def test_a_plan_is_built_for_all_batches_of_the_configuration(repository, tensorrt):
    (path,) = plans.build_plans(repository)
    assert path == repository / "tagger" / "1" / "model.plan"
    assert path.read_bytes() == b"plan"
    profile = tensorrt.Builder.return_value.create_optimization_profile.return_value
    shape = (3, 160, 160)
    profile.set_shape.assert_called_once_with("CROPS", (1, *shape), (2, *shape), (8, *shape))
    settings = tensorrt.Builder.return_value.create_builder_config.return_value
    settings.set_flag.assert_called_once_with(tensorrt.BuilderFlag.FP16)


def test_a_plan_with_other_tensors_is_not_written(repository, tensorrt):
    tensorrt.Runtime.return_value.deserialize_cuda_engine.return_value = Engine(side=96)
    with pytest.raises(CommandError, match="plan of tagger doesn't fit"):
        plans.build_plans(repository)
    assert not list(repository.rglob("model.p*"))


def test_what_the_parser_says_is_passed_on(repository, tensorrt):
    reader = tensorrt.OnnxParser.return_value
    reader.parse.return_value, reader.num_errors = False, 1
    reader.get_error.return_value = "no importer for RoiAlign"
    with pytest.raises(CommandError, match="no importer for RoiAlign"):
        plans.build_plans(repository)


def test_models_without_a_plan_are_refused(repository, tensorrt):
    with pytest.raises(
        CommandError, match="crop: no plan in the variant for GPUs; there are tagger"
    ):
        plans.build_plans(repository, ["crop"])


def test_every_plan_of_this_checkout_is_batched_and_has_its_onnx_file():
    names = plans.planned(REPOSITORY)
    assert {"detector", "tagger", "embedder"} <= set(names)
    for name in names:
        config = (REPOSITORY / name / plans.VARIANT).read_text()
        assert f'default_model_filename: "{plans.PLAN}"' in config, name
        assert plans.batches(plans.max_batch_size(config))[2] > 1, name
