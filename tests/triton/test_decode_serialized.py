"""What Triton's own DALI backend would serve, a serialized pipeline, decodes as the served one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from model_calls import Encode, Infer
from PIL import Image

MODEL_REPOSITORY = Path(__file__).parents[2] / "model_repository"

RUN = """
import importlib.util, sys
import numpy as np
from nvidia.dali import Pipeline
from nvidia.dali._utils.autoserialize import invoke_autoserialize
pipeline, serialized, photo, answer = sys.argv[1:]
spec = importlib.util.spec_from_file_location("autoserialize_mod", pipeline)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
invoke_autoserialize(module, serialized)
restored = Pipeline.deserialize(filename=serialized, device_id=None, prefetch_queue_depth=1)
restored.feed_input("IMAGE", [np.fromfile(photo, np.uint8)])
outputs = [np.asarray(output.as_cpu()[0]) for output in restored.run()]
np.savez(answer, **dict(zip(("PHOTO", "LETTERBOX", "GEOMETRY"), outputs, strict=True)))
"""


def test_the_serialized_pipeline_answers_as_the_served_one(
    infer: Infer, encode: Encode, drawing: Image.Image, tmp_path: Path
) -> None:
    encoded = encode(drawing.resize((1440, 2000)))
    (tmp_path / "photo.jpg").write_bytes(encoded)
    pipeline = MODEL_REPOSITORY / "decode" / "1" / "cpu.py"
    files = [str(tmp_path / name) for name in ("pipeline.dali", "photo.jpg", "answer.npz")]
    command = [sys.executable, "-c", RUN, str(pipeline), *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    served = infer("decode", IMAGE=np.frombuffer(encoded, np.uint8)[None])
    with np.load(tmp_path / "answer.npz") as answer:
        assert set(answer) == set(served)
        for name in answer:
            np.testing.assert_array_equal(answer[name], served[name][0], name)
