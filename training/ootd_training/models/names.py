"""The names of the trained models; importing them brings no PyTorch along."""

from __future__ import annotations

MODEL_NAMES = ("detector", "tagger", "sequencer", "embedder")
"""In the order in which they are trained: some start from the weights of an earlier one."""
