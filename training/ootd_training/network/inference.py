"""A network's answers to crops, in batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

BATCH = 64


def answers_of(network: nn.Module) -> Callable[..., list[NDArray[Any]]]:
    """The network as a function of crops uint8 [n, s, s, 3] and its other inputs [n, ...].

    It gives each of the network's outputs, [n, ...]; the network stays in evaluation mode.
    """
    network.eval()
    device = next(network.parameters()).device

    @torch.inference_mode()
    def answer(crops: NDArray[np.uint8], *others: NDArray[Any]) -> list[NDArray[Any]]:
        parts = []
        for start in range(0, len(crops), BATCH):
            rows = slice(start, start + BATCH)
            pixels = torch.from_numpy(crops[rows]).permute(0, 3, 1, 2).to(device).float() / 255
            outputs = network(pixels, *(torch.from_numpy(o[rows]).to(device) for o in others))
            parts.append(outputs if isinstance(outputs, tuple) else (outputs,))
        return [torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True)]

    return answer
