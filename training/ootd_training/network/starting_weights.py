"""The weights that a run starts from: those of a checkpoint, or of a released ONNX file.

A release holds convolutions with their batch norms folded in, in half precision. Training needs the
norms back, with the statistics that their inputs really have; these are measured on crops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor, nn

RELEASED = ".onnx"
"""How the name of a released file ends; others are read as checkpoints."""
HALF = "_half"
"""What the export adds to the names of weights that it stores in half precision."""
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
MEASURED_BATCHES = 20
"""Batches on which the batch norms of a released network are measured."""

Batches = Callable[[], Sequence[Tensor]]
"""Makes a few batches of training pictures, [n, 3, h, w] in 0..1; called for a release alone."""


class Folded(NamedTuple):
    """A convolution that a batch norm was folded into."""

    weight: Tensor
    """[out, in / groups, h, w]"""
    bias: Tensor
    """[out]"""


def start_from(
    network: nn.Module, path: Path, batches: Batches, part: str = "", fresh: Sequence[str] = ()
) -> None:
    """Copy the weights that `path` holds into the network.

    `part` is what stands before the network's names in a checkpoint ("trunk."); in a release it is
    found. Weights whose names begin with one of `fresh` stay as they are if a release lacks them.
    FileNotFoundError if there is no such file, ValueError if it holds other weights.
    """
    if path.suffix == RELEASED:
        load_released(network, path, batches, fresh)
        return
    state = torch.load(path, weights_only=True, map_location="cpu")["average"]
    own = {name[len(part) :]: value for name, value in state.items() if name.startswith(part)}
    _load(network, own, path)


def read_released(path: Path) -> dict[str, Tensor]:
    """The weights of a released file, float32, by their names in it."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no model {path} to start from")
    try:
        graph = onnx.load(path).graph
    except DecodeError as error:
        raise ValueError(f"{path} is not an ONNX model") from error
    return {
        tensor.name.removesuffix(HALF): torch.tensor(numpy_helper.to_array(tensor)).float()
        for tensor in graph.initializer
        if tensor.data_type in FLOATS
    }


def load_released(
    network: nn.Module, path: Path, batches: Batches, fresh: Sequence[str] = ()
) -> None:
    """Copy the weights of a released file into a network of the same shape; see `start_from`.

    In evaluation the network then answers as the file does. Its batch norms have the mean and the
    variance of their inputs over all `batches`, so that training goes on smoothly.
    """
    weights = read_released(path)
    first = next(name for name, _ in network.named_parameters())
    whole = next((name for name in weights if f".{name}".endswith(f".{first}")), None)
    if whole is None:
        raise ValueError(f"{path} holds another network: nothing in it is named {first}")
    prefix = whole[: -len(first)]
    given = {
        name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)
    }
    norms = dict(_normalised(network))
    for convolution, (name, norm) in norms.items():
        if f"{convolution}.bias" not in given:
            raise ValueError(f"{path} holds another network: it lacks {convolution}")
        given |= _norm_state(name, norm, given.pop(f"{convolution}.bias"))
    state = network.state_dict()
    parameters = {name for name, _ in network.named_parameters()}
    kept = {
        name: value
        for name, value in state.items()
        if name not in parameters or name.startswith(tuple(fresh))
    }
    _load(network, {**kept, **{name: given[name] for name in state if name in given}}, path)
    _measure_norms(network, [norm for _, norm in norms.values()], batches())


def load_folded(
    network: nn.Module, convolutions: Sequence[Folded], path: Path, batches: Batches
) -> None:
    """Copy convolutions with their batch norms folded in into a network, one after the other.

    Those that no norm follows there stay as they are. In evaluation the others then answer as the
    folded ones; see `load_released` for `batches`. ValueError if shapes are not the same.
    """
    norms = list(_normalised(network))
    state = network.state_dict()
    shapes = [state[f"{name}.weight"].shape for name, _ in norms]
    if shapes != [folded.weight.shape for folded in convolutions]:
        raise ValueError(f"{path} holds a network of another kind than the one to train")
    for (name, (norm_name, norm)), folded in zip(norms, convolutions, strict=True):
        state[f"{name}.weight"] = folded.weight
        state |= _norm_state(norm_name, norm, folded.bias)
    _load(network, state, path)
    _measure_norms(network, [norm for _, (_, norm) in norms], batches())


def _norm_state(name: str, norm: nn.BatchNorm2d, bias: Tensor) -> dict[str, Tensor]:
    """The state of a norm that adds a bias, and does nothing else."""
    return {
        f"{name}.bias": bias,
        f"{name}.weight": torch.full((norm.num_features,), (1 + norm.eps) ** 0.5),
        f"{name}.running_mean": torch.zeros(norm.num_features),
        f"{name}.running_var": torch.ones(norm.num_features),
    }


def _load(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(
            f"{path} holds a network of another kind or size than the one to train: {error}"
        ) from error


def _normalised(network: nn.Module) -> Iterator[tuple[str, tuple[str, nn.BatchNorm2d]]]:
    """The name of each convolution that a batch norm follows, with the norm's name and the norm."""
    for parent, module in network.named_modules():
        previous = ""
        for name, child in module.named_children():
            full = f"{parent}.{name}" if parent else name
            if previous and isinstance(child, nn.BatchNorm2d):
                yield previous, (full, child)
            previous = full if isinstance(child, nn.Conv2d) else ""


@torch.no_grad()
def _measure_norms(
    network: nn.Module, norms: Sequence[nn.BatchNorm2d], batches: Sequence[Tensor]
) -> None:
    """Give each norm the statistics of its inputs, without changing what it computes."""
    sums: dict[nn.Module, Tensor] = {}

    def add(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen = inputs[0].double()
        moments = torch.stack([torch.ones_like(seen), seen, seen.square()]).sum((1, 3, 4))
        sums[norm] = sums[norm] + moments if norm in sums else moments

    hooks = [norm.register_forward_pre_hook(add) for norm in norms]
    was_training = network.training
    network.eval()
    for batch in batches:
        network(batch)
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        if norm not in sums or norm.running_mean is None or norm.running_var is None:
            continue
        count, total, squares = sums[norm]
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=1e-8)
        norm.bias.add_(mean.to(norm.bias))
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
