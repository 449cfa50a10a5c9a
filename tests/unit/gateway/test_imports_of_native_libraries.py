"""Two native libraries that crash together in some versions live together in the pinned ones."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "order", [("usearch.index", "onnxruntime"), ("onnxruntime", "usearch.index")]
)
def test_usearch_and_onnxruntime_in_one_process(order: tuple[str, str]) -> None:
    """usearch from 2.26.2 on crashes an onnxruntime that is imported after it."""
    code = f"import {order[0]}; import {order[1]}; print('alive')"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "alive"), ended.stderr
