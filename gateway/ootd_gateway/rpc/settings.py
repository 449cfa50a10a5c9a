"""How the gateway is reached, how many calls run side by side, and who waits."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

_ADDRESS = r"^(\S+:\d{1,5})$"


class ServerSettings(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """How the gateway is reached: addresses, connections, deadlines, drain, TLS, tokens."""

    listen_address: str = Field(
        default="127.0.0.1:8500",
        pattern=_ADDRESS,
        description="host:port of the gRPC services. Port 0 takes a free one; 0.0.0.0 is reachable "
        "from other machines, so set tokens and TLS there.",
    )
    metrics_address: str = Field(
        default="127.0.0.1:9500",
        pattern=r"^(\S+:\d{1,5})?$",
        description="host:port of HTTP: Prometheus metrics at /metrics, and the probes /healthz "
        "and /readyz. Port 0 takes a free one; empty turns it off.",
    )
    health_address: str = Field(
        default="",
        pattern=r"^(\S+:\d{1,5})?$",
        description="host:port where the standard gRPC health service answers without TLS and "
        "tokens, for probes that speak neither, as the kubelet's. Port 0 takes a free one; empty: "
        "none.",
    )
    default_deadline_seconds: float = Field(
        default=15.0,
        gt=0,
        le=3600,
        description="Time that a call gets whose caller sets no deadline.",
    )
    max_deadline_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Longest time that a call, or one element of a stream, gets, whatever deadline "
        "its caller sets.",
    )
    max_connection_age_seconds: float = Field(
        default=300.0,
        ge=0,
        le=86400,
        description="Age at which connections are closed gently, so that clients find new "
        "replicas; running calls and streams end as they would. 0: never.",
    )
    drain_delay_seconds: float = Field(
        default=0.0,
        ge=0,
        le=600,
        description="How long calls are still taken after SIGTERM or Ctrl-C, while health says "
        "NOT_SERVING already. Behind a load balancer: as long as it takes to notice, such as 5.",
    )
    drain_seconds: float = Field(
        default=20.0,
        ge=0,
        le=3600,
        description="How long running calls may take to end after SIGTERM or Ctrl-C; what still "
        "runs then is cut off.",
    )
    tls_certificate_file: Path | None = Field(
        default=None,
        description="PEM file of the server's certificate chain. With it and tls_private_key_file "
        "the gRPC port speaks TLS alone. All three TLS files are read again when they change.",
    )
    tls_private_key_file: Path | None = Field(
        default=None, description="PEM file of the certificate's private key."
    )
    tls_client_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities that sign the callers' certificates. With it a "
        "certificate is required of every caller. Empty: none is asked for.",
    )
    token_file: Path | None = Field(
        default=None,
        description="File of bearer tokens, one a line, # for comments. With it every call but "
        "health and reflection must carry one. Read again when it changes.",
    )
    reflection: bool = Field(
        default=True,
        description="Whether callers can ask for the services' descriptions, as grpcurl does.",
    )
    channelz: bool = Field(
        default=False,
        description="Whether callers can ask gRPC for its channels, sockets and counters "
        "(grpc.channelz.v1), as grpcdebug does. Tokens are asked for as of every call.",
    )
    compress_answers_above_bytes: int = Field(
        default=0,
        ge=0,
        le=32 * 1024 * 1024,
        description="Answers of more bytes are compressed (gzip) for callers that take it. 0: "
        "never. Halves them for some 25 ms of a core a megabyte: it pays where the way to the "
        "caller carries less than about 100 Mbit/s.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_private_key_file is None):
            raise ValueError("set both of tls_certificate_file and tls_private_key_file, or none")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_client_ca_file needs tls_certificate_file")
        if self.max_deadline_seconds < self.default_deadline_seconds:
            raise ValueError("max_deadline_seconds must not be below default_deadline_seconds")
        taken: dict[str, str] = {}
        for name in ("listen_address", "metrics_address", "health_address"):
            address = getattr(self, name)
            if not address or address.rpartition(":")[2].strip("0") == "":
                continue  # off, or a free port
            if address in taken:
                raise ValueError(f"{name} and {taken[address]} are both {address}: change one")
            taken[address] = name
        return self


class AdmissionSettings(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """How many calls run side by side, and who waits."""

    max_concurrent_calls: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Calls that run at a time, streams not counted.",
    )
    max_queued_calls: int = Field(
        default=64,
        ge=0,
        le=100_000,
        description="Calls that may wait for others to end; further ones are refused at once with "
        "RESOURCE_EXHAUSTED.",
    )
    max_queue_seconds: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="How long a call may wait for others to end before it is refused.",
    )
    max_concurrent_streams: int = Field(
        default=16,
        ge=1,
        le=10_000,
        description="Streams (AnalyzeImages, UpsertItems) that run at a time; further ones are "
        "refused at once.",
    )
    max_caller_share: float = Field(
        default=0.75,
        gt=0,
        le=1,
        description="Part of max_concurrent_calls, of max_queued_calls, of "
        "max_concurrent_streams and of max_bytes_in_flight that one caller may have (at least one "
        "of each), and of vision_concurrency while others wait. A caller is a token or, without "
        "tokens, an address. 1: all of them, as where a proxy stands before the server.",
    )
    max_bytes_in_flight: int = Field(
        default=1024 * 1024 * 1024,
        ge=64 * 1024 * 1024,
        le=1 << 40,
        description="Bytes of all requests that are held at a time. While a request with a photo "
        "comes in, 32 MiB are kept free for it, so with 1 GiB 32 come in at a time, 24 of one "
        "caller; others wait for max_queue_seconds. Beyond it are held: one element of each "
        "stream, and requests of methods without photos (1 MiB at most; a larger one is refused "
        "once it is in).",
    )
    body_seconds: float = Field(
        default=20.0,
        ge=0,
        le=3600,
        description="How long the request of a call may take to come in once it is let in, within "
        "the call's deadline; then it ends with DEADLINE_EXCEEDED. 0: as long as the deadline.",
    )
    max_open_calls: int = Field(
        default=1024,
        ge=1,
        le=1_000_000,
        description="Calls of all kinds that are open at a time, health, reflection and waiting "
        "ones included; gRPC itself refuses further ones, without details.",
    )
    stream_idle_seconds: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="How long a stream may be open without anything to do: nothing comes in while "
        "all that came in is answered, or the caller takes none of its answers. 0: for ever.",
    )
