"""Configurations of models (`config.pbtxt`), read by Triton's own description of them."""

from __future__ import annotations

from typing import Any

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

Tensor = dict[str, Any]
"""`name`, `type` (Triton's name), `shape` (-1: any size)."""


def parse_config(text: str) -> Any:
    """The message `ModelConfig` that a text is; ValueError says what of it is none, and where."""
    try:
        return text_format.Parse(text, model_config_pb2.ModelConfig())
    except text_format.ParseError as error:
        raise ValueError(f"not a configuration of a model for Triton: {error}") from error


def string_parameters(text: str) -> dict[str, str]:
    """The parameters of a configuration, by name."""
    parameters = parse_config(text).parameters
    return {name: parameters[name].string_value for name in sorted(parameters)}


def max_batch_size(text: str) -> int:
    """The batch limit of a configuration; 0 where requests are not batched."""
    return int(parse_config(text).max_batch_size)


def config_tensors(text: str, side: str, batched: bool) -> list[Tensor]:
    """Inputs or outputs (`side`: "input", "output") of a configuration, with the batch dimension if
    it is `batched`."""
    kinds = model_config_pb2.DataType
    return [
        {
            "name": tensor.name,
            "type": kinds.Name(tensor.data_type).removeprefix("TYPE_"),
            "shape": [-1] * batched + list(tensor.dims),
        }
        for tensor in getattr(parse_config(text), side)
    ]
