"""ONNX Runtime sessions, as everything here opens them, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

ERRORS_ALONE = 3
"""ONNX Runtime's severity from which on it prints."""


def open_session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session on the CPU with this number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ALONE
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def processor_milliseconds(
    session: onnxruntime.InferenceSession, inputs: Mapping[str, NDArray[Any]], repeats: int
) -> float:
    """Median processor time of a run on one thread; other work of the machine does not count."""
    times = []
    for _ in range(repeats):
        began = time.thread_time()
        session.run(None, dict(inputs))
        times.append(time.thread_time() - began)
    return float(np.median(times)) * 1000
