"""Decoding on the GPU, for instances of KIND_GPU; Triton chooses which GPU."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nvidia.dali.pipeline import pipeline_def
from nvidia.dali.plugin.triton import autoserialize

# Triton's DALI backend loads this file by its path alone, so its neighbours are not found without.
sys.path.insert(0, str(Path(__file__).parent))

from decoding import decode_on


# DALI's annotations lack those of the first.
@autoserialize  # type: ignore[untyped-decorator]
@pipeline_def(batch_size=1, num_threads=1, device_id=0, enable_conditionals=True)
def decode() -> Any:
    """PHOTO, LETTERBOX and GEOMETRY of IMAGE."""
    return decode_on("mixed")
