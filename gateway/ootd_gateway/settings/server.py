"""How the gateway is reached: addresses, connections, deadlines, drain, TLS, tokens."""

from pathlib import Path

from pydantic import BaseModel, Field

_ADDRESS = r"^(\S+:\d{1,5})$"


class ServerSettings(BaseModel):
    """How the gateway is reached: addresses, connections, deadlines, drain, TLS, tokens."""

    listen_address: str = Field(
        "127.0.0.1:8500",
        pattern=_ADDRESS,
        description="host:port of the gRPC services. Port 0 takes a free one; 0.0.0.0 is reachable "
        "from other machines, so set tokens and TLS there.",
    )
    metrics_address: str = Field(
        "127.0.0.1:9500",
        pattern=r"^(\S+:\d{1,5})?$",
        description="host:port of Prometheus metrics over HTTP, at /metrics. Port 0 takes a free "
        "one; empty turns them off.",
    )
    default_deadline_seconds: float = Field(
        15.0,
        gt=0,
        le=3600,
        description="Time that a call gets whose caller sets no deadline.",
    )
    max_deadline_seconds: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Longest time that a call, or one element of a stream, gets, whatever deadline "
        "its caller sets.",
    )
    max_connection_age_seconds: float = Field(
        0.0,
        ge=0,
        le=86400,
        description="Age at which connections are closed gently, so that clients find new "
        "replicas. 0: never.",
    )
    drain_seconds: float = Field(
        20.0,
        ge=0,
        le=3600,
        description="How long running calls may take to end after SIGTERM or Ctrl-C; what still "
        "runs then is cut off.",
    )
    tls_certificate_file: Path | None = Field(
        None,
        description="PEM file of the server's certificate chain. With it and tls_private_key_file "
        "the gRPC port speaks TLS alone.",
    )
    tls_private_key_file: Path | None = Field(
        None, description="PEM file of the certificate's private key."
    )
    tls_client_ca_file: Path | None = Field(
        None,
        description="PEM file of the authority whose client certificates are asked for. Empty: "
        "none are.",
    )
    token_file: Path | None = Field(
        None,
        description="File of bearer tokens, one a line, # for comments. With it every call but "
        "health and reflection must carry one.",
    )
    reflection: bool = Field(
        True,
        description="Whether callers can ask for the services' descriptions, as grpcurl does.",
    )
