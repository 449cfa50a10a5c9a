"""decode's configurations name the pipeline that fits their instances, and each is what it says.

The pipelines are serialized as Triton's own DALI backend does it: a Python of its own, elsewhere,
loads the file by its path alone. The one for GPUs can be looked at without a GPU, not run.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

pytest.importorskip("nvidia.dali")

CPU = model_config_pb2.ModelInstanceGroup.KIND_CPU
GPU = model_config_pb2.ModelInstanceGroup.KIND_GPU
KIND_OF_FILE = {"cpu.py": CPU, "gpu.py": GPU}

SERIALIZE = """
import importlib.util, sys
from nvidia.dali._utils.autoserialize import invoke_autoserialize
spec = importlib.util.spec_from_file_location("autoserialize_mod", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["autoserialize_mod"] = module
spec.loader.exec_module(module)
{change}
invoke_autoserialize(module, sys.argv[2])
"""
# A pipeline that names a GPU can't be made without one.
WITHOUT_GPU = """
made = module.decode
module.decode = lambda: made(device_id=None)
module.decode._is_autoserialize = True
"""


def serialized(pipeline: Path, folder: Path, change: str = "") -> bytes:
    target = folder / "pipeline.dali"
    script = SERIALIZE.format(change=change)
    command = [sys.executable, "-c", script, str(pipeline), str(target)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target.read_bytes()


@pytest.mark.parametrize("configuration", ["config.pbtxt", "configs/tensorrt.pbtxt"])
def test_instances_are_of_the_kind_that_the_named_pipeline_is_for(
    model_repository: Path, configuration: str
) -> None:
    text = (model_repository / "decode" / configuration).read_text()
    config = text_format.Parse(text, model_config_pb2.ModelConfig())
    (group,) = config.instance_group
    assert group.kind == KIND_OF_FILE[config.default_model_filename]
    assert (model_repository / "decode" / "1" / config.default_model_filename).is_file()


def test_both_kinds_are_configured(model_repository: Path) -> None:
    texts = [path.read_text() for path in (model_repository / "decode").rglob("*.pbtxt")]
    for name in KIND_OF_FILE:
        assert sum(f'default_model_filename: "{name}"' in text for text in texts) == 1


def test_the_pipeline_of_cpus_is_made_without_a_gpu_and_needs_none(
    model_repository: Path, tmp_path: Path
) -> None:
    content = serialized(model_repository / "decode" / "1" / "cpu.py", tmp_path)
    assert b"mixed" not in content
    assert b"gpu" not in content


def test_the_pipeline_of_gpus_decodes_and_resizes_there(
    model_repository: Path, tmp_path: Path
) -> None:
    content = serialized(model_repository / "decode" / "1" / "gpu.py", tmp_path, WITHOUT_GPU)
    assert b"mixed" in content
    assert b"gpu" in content
