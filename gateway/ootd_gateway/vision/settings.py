"""Triton, embedded or elsewhere, and the photos that it is given."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from ootd_gateway.images.header import ImageLimits
from ootd_gateway.types import AttributeModel
from ootd_gateway.vision.triton_target import target_fault
from ootd_gateway.vision.triton_vision import VisionOptions

# Defaults are said where they are used.
_LIMITS = ImageLimits()
_OPTIONS = VisionOptions()


class VisionSettings(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Triton, embedded or elsewhere, and the photos that it is given."""

    triton_mode: Literal["embedded", "external"] = Field(
        default="embedded",
        description="embedded: the gateway starts and watches a Triton of its own; external: it "
        "uses the one at triton_address.",
    )
    triton_address: str = Field(
        default="127.0.0.1:8001",
        pattern=r"^\S+$",
        description="gRPC target of the external Triton: host:port or dns:///name:port, of which "
        "every address is used (of a name with addresses of both families those of IPv4), or "
        "ipv4:1.2.3.4:8001,1.2.3.5:8001. Unused with an embedded one.",
    )
    triton_tls: bool = Field(
        default=False,
        description="Whether the connection to the external Triton is TLS.",
    )
    triton_root_certificates_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities that vouch for the external Triton. Empty: gRPC's "
        "own list. This and the three below need triton_tls and are read again when they change.",
    )
    triton_client_certificate_file: Path | None = Field(
        default=None,
        description="PEM file of the certificate chain that the gateway shows to the external "
        "Triton.",
    )
    triton_client_key_file: Path | None = Field(
        default=None, description="PEM file of that certificate's private key, not encrypted."
    )
    triton_token_file: Path | None = Field(
        default=None,
        description="File of one bearer token that goes with each request to the external Triton, "
        "for a proxy before it that asks for one.",
    )
    triton_keepalive_seconds: float = Field(
        default=_OPTIONS.connection.keepalive_s,
        ge=0,
        le=7200,
        description="Pause between keepalive pings to Triton; 0: none are sent. The gateway asks "
        "Triton every second anyway. Triton closes connections that ping more often than its "
        "--grpc-http2-min-recv-ping-interval-without-data (300 s) allows.",
    )
    triton_max_message_bytes: int = Field(
        default=_OPTIONS.connection.max_message_bytes,
        ge=1024 * 1024,
        le=1024 * 1024 * 1024,
        description="Size of the largest message to and from Triton in bytes; a photo and 4 kB go "
        "there, some kB a garment come back.",
    )
    triton_silent_seconds: float = Field(
        default=_OPTIONS.patience.silent_s,
        ge=1,
        le=600,
        description="After how long a Triton that answers nothing at all gets no more photos, and "
        "those in it fail, until it answers again.",
    )
    triton_photo_seconds: float = Field(
        default=_OPTIONS.patience.photo_s,
        ge=1,
        le=3600,
        description="The same for a Triton that says it is ready, but answers none of the photos "
        "that it was given.",
    )
    triton_grpc_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of the embedded Triton's gRPC, on loopback. 0: a free one.",
    )
    triton_metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of the embedded Triton's own metrics, on loopback. 0: a free one.",
    )
    triton_start_seconds: float = Field(
        default=180.0,
        ge=1,
        le=3600,
        description="How long the embedded Triton may take until every model is ready; the gateway "
        "gives up after that.",
    )
    triton_gpu: bool = Field(
        default=False,
        description="Whether the embedded Triton may use this machine's GPUs.",
    )
    model_repository: Path = Field(
        default=Path("model_repository"),
        description="Folder of the models that the embedded Triton serves.",
    )
    attribute_model: AttributeModel = Field(
        default=_OPTIONS.attribute_model,
        description="Which model tells sub-category and attributes where a request does not say: "
        "tagger (each attribute group by itself) or sequencer (one after the other, guided by the "
        "category).",
    )
    vision_concurrency: int = Field(
        default=_OPTIONS.concurrency,
        ge=1,
        le=1024,
        description="Photos in Triton at a time; others wait for their turn. More raises "
        "throughput until the models are busy, then only the time of each photo.",
    )
    bulk_share: float = Field(
        default=_OPTIONS.bulk_share,
        gt=0,
        le=1,
        description="Share of vision_concurrency, at least one photo, that streams (AnalyzeImages, "
        "UpsertItems) have for certain; and all they have while single calls come in. Each photo "
        "of a stream in Triton makes single calls slower: on two cores one of 8 by a tenth to a "
        "third, two of 8 to more than twice.",
    )
    bulk_yield_seconds: float = Field(
        default=_OPTIONS.bulk_yield_s,
        ge=0,
        le=600,
        description="How long after a single call streams keep to bulk_share; then they take three "
        "quarters of vision_concurrency. Single calls that come less often than this find a full "
        "house.",
    )
    bulk_patience_seconds: float = Field(
        default=_OPTIONS.bulk_patience_s,
        ge=0,
        le=3600,
        description="How long photos of streams wait, within their deadline, for a Triton that is "
        "away or starts again, and then go on; single calls are refused at once. 0: so are "
        "streams.",
    )
    max_image_bytes: int = Field(
        default=_LIMITS.max_bytes,
        ge=1024,
        le=30 * 1024 * 1024,
        description="Size of the largest encoded photo in bytes; larger ones are refused with "
        "RESOURCE_EXHAUSTED.",
    )
    max_image_pixels: int = Field(
        default=_LIMITS.max_pixels,
        ge=256,
        le=500_000_000,
        description="Width times height of the largest photo in pixels, read from its header. A "
        "decoded pixel takes 3 bytes of Triton's memory.",
    )
    min_image_side_pixels: int = Field(
        default=_LIMITS.min_side,
        ge=1,
        le=1024,
        description="Shorter side of the smallest photo in pixels.",
    )

    @field_validator("triton_address")
    @classmethod
    def _can_be_a_target(cls, target: str) -> str:
        fault = target_fault(target)
        if fault is not None:
            raise ValueError(
                f"must be host:port, dns:///host:port or ipv4:1.2.3.4:8001,...: {fault}"
            )
        return target

    @model_validator(mode="after")
    def _triton_security_fits_together(self) -> Self:
        files = {
            "triton_root_certificates_file": self.triton_root_certificates_file,
            "triton_client_certificate_file": self.triton_client_certificate_file,
            "triton_client_key_file": self.triton_client_key_file,
            "triton_token_file": self.triton_token_file,
        }
        given = [name for name, path in files.items() if path is not None]
        if given and not self.triton_tls:
            raise ValueError(f"{', '.join(given)}: set triton_tls too")
        if self.triton_tls and self.triton_mode == "embedded":
            raise ValueError("triton_tls: the embedded Triton is on loopback and speaks no TLS")
        if (self.triton_client_certificate_file is None) != (self.triton_client_key_file is None):
            raise ValueError(
                "set both of triton_client_certificate_file and triton_client_key_file, or none"
            )
        return self
