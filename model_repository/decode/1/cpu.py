"""Decoding on the CPU, for instances of KIND_CPU; it serializes on a machine without GPU."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nvidia.dali.pipeline import pipeline_def
from nvidia.dali.plugin.triton import autoserialize

# Triton's DALI backend loads this file by its path alone, so its neighbours are not found without.
sys.path.insert(0, str(Path(__file__).parent))

from decoding import decode_on


# DALI's annotations lack those of the first, and that a pipeline may have no GPU.
@autoserialize  # type: ignore[untyped-decorator]
@pipeline_def(  # type: ignore[call-overload,untyped-decorator]
    batch_size=1, num_threads=1, device_id=None, enable_conditionals=True
)
def decode() -> Any:
    """PHOTO, LETTERBOX and GEOMETRY of IMAGE."""
    return decode_on("cpu")
