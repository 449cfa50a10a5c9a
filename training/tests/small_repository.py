"""A model repository with graphs of one operator each, in the layout of the real one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx
from onnx import parser

from ootd_training.release import manifest, model_config
from ootd_training.taxonomy import REPOSITORY

GRAPH = """
<ir_version: 9, opset_import: ["" : 18]>
{name} (float[n, 3, 160, 160] CROPS) => (float[n, 3, 160, 160] SAME) {{ SAME = {operator} (CROPS) }}
"""
CONFIG = """# Comment.
name: "{name}"
max_batch_size: {batch}
input [ {{ name: "CROPS" data_type: TYPE_FP32 dims: [ 3, 160, 160 ] }} ]
output [
  {{ name: "SAME" data_type: TYPE_FP32 dims: [ 3, 160, 160 ] }}
]
"""
MODELS = ("crop", "embedder", "tagger")


def write_model(path: Path, operator: str = "Identity") -> None:
    """An ONNX file that applies one operator to its input."""
    graph = parser.parse_model(GRAPH.format(name="model", operator=operator))
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(graph, path)


def write_repository(folder: Path) -> Path:
    """Three models with their configurations, the taxonomy, and a manifest; returns the folder."""
    for name in MODELS:
        write_model(manifest.model_path(folder, name))
        for config in ("config.pbtxt", "configs/tensorrt.pbtxt"):
            (folder / name / config).parent.mkdir(exist_ok=True)
            (folder / name / config).write_text(CONFIG.format(name=name, batch=8))
    (folder / "verify").mkdir()
    (folder / "verify" / "config.pbtxt").write_text('name: "verify"\n')
    shutil.copy(REPOSITORY / "taxonomy.json", folder)
    refresh(folder)
    return folder


def refresh(folder: Path) -> manifest.Manifest:
    """Write the manifest of what is there."""
    model_config.update(folder)
    described = manifest.describe(folder, {"tagger": {"seed": 1}}, "0.1.0")
    (folder / manifest.FILE).write_text(manifest.text(described))
    return json.loads((folder / manifest.FILE).read_text())
