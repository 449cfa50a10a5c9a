"""Triton, embedded or elsewhere, and the photos that it is given."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field


class VisionSettings(BaseModel):
    """Triton, embedded or elsewhere, and the photos that it is given."""

    triton_mode: Literal["embedded", "external"] = Field(
        "embedded",
        description="embedded: the gateway starts and watches a Triton of its own; external: it "
        "uses the one at triton_address.",
    )
    triton_address: str = Field(
        "127.0.0.1:8001",
        pattern=r"^\S+$",
        description="gRPC target of the external Triton: host:port, or dns:///name:port to use "
        "every address of a name in turn. Unused with an embedded one.",
    )
    triton_grpc_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of the embedded Triton's gRPC, on loopback. 0: a free one.",
    )
    triton_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of the embedded Triton's own metrics, on loopback. 0: a free one.",
    )
    triton_start_seconds: float = Field(
        180.0,
        ge=1,
        le=3600,
        description="How long the embedded Triton may take until every model is ready; the gateway "
        "gives up after that.",
    )
    triton_gpu: bool = Field(
        False,
        description="Whether the embedded Triton may use this machine's GPUs.",
    )
    model_repository: Path = Field(
        Path("model_repository"),
        description="Folder of the models that the embedded Triton serves.",
    )
    attribute_model: Literal["tagger", "sequencer"] = Field(
        "tagger",
        description="Which model tells sub-category and attributes where a request does not say: "
        "tagger (each attribute group by itself) or sequencer (one after the other, guided by the "
        "category).",
    )
    vision_concurrency: int = Field(
        8,
        ge=1,
        le=1024,
        description="Photos in Triton at a time; others wait for their turn. More raises "
        "throughput until the models are busy, then only the time of each photo.",
    )
    max_image_bytes: int = Field(
        20 * 1024 * 1024,
        ge=1024,
        le=30 * 1024 * 1024,
        description="Size of the largest encoded photo in bytes; larger ones are refused with "
        "RESOURCE_EXHAUSTED.",
    )
    max_image_pixels: int = Field(
        50_000_000,
        ge=256,
        le=500_000_000,
        description="Width times height of the largest photo in pixels, read from its header. A "
        "decoded pixel takes 3 bytes of Triton's memory.",
    )
    min_image_side_pixels: int = Field(
        16,
        ge=1,
        le=1024,
        description="Shorter side of the smallest photo in pixels.",
    )
