"""How a gateway is reached: address, TLS, load balancing, keepalive, compression, message size."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import grpc

from ootd._certificate import ClientCertificate, check_pem

DEFAULT_TARGET = "localhost:8500"
"""Where a gateway listens unless told otherwise."""

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""Largest message in either direction unless told otherwise; a photo has at most 20 MiB."""

__version__ = "0.1.0"
"""Version of this package, told to the gateway as part of the user agent."""

Compression: TypeAlias = Literal["gzip", "deflate"]
"""How requests are compressed; answers are read in any way. Photos do not get smaller by it."""

_SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})
_SCHEMES = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "xds:")
_HOST_AND_PORT = re.compile(r"^(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:/\s\[\]]+):(?P<port>\d{1,5})$")
_COMPRESSIONS: Mapping[Compression, grpc.Compression] = {
    "gzip": grpc.Compression.Gzip,
    "deflate": grpc.Compression.Deflate,
}
_MAX_SEND = "grpc.max_send_message_length"


@dataclass(frozen=True, slots=True)
class Connection:
    """The address of a gateway and how to talk to it.

    `target` is "host:port" (all addresses of the host take turns) or a gRPC target such as
    "unix:/run/ootd.sock" or "ipv4:10.0.0.1:8500,10.0.0.2:8500". `root_certificates` (PEM) switches
    TLS on and replaces the authorities that come with gRPC; so does `client_certificate`, which is
    shown to a server that asks for one. `server_name` is the name on the server's certificate where
    it differs from the host. `channel_options` are gRPC's own, by name, and go before those that
    are set here.

    Raises ValueError for a target that is none, for what is no PEM and for an unknown compression,
    TypeError for options of another type than str or int.
    """

    target: str = DEFAULT_TARGET
    tls: bool = False
    root_certificates: bytes | None = field(default=None, repr=False)
    client_certificate: ClientCertificate | None = field(default=None, repr=False)
    server_name: str | None = None
    allow_plaintext_token: bool = False
    channel_options: Mapping[str, str | int] = field(default_factory=dict)
    compression: Compression | None = None

    def __post_init__(self) -> None:
        _ = self.host  # Raises for a target that is none.
        if self.root_certificates is not None:
            check_pem("root_certificates", self.root_certificates, "CERTIFICATE")
        if self.compression is not None and self.compression not in _COMPRESSIONS:
            known = ", ".join(_COMPRESSIONS)
            raise ValueError(f"unknown compression {self.compression!r}; known are: {known}")
        for name, value in self.channel_options.items():
            if not isinstance(name, str) or not isinstance(value, str | int):
                raise TypeError(f"channel_options map names to str or int, got {name!r}: {value!r}")

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        given = (self.root_certificates, self.client_certificate)
        return self.tls or any(one is not None for one in given)

    @property
    def host(self) -> str:
        """The host's name or address, "" for a target that names no single host."""
        text = self.target
        if not isinstance(text, str):
            raise TypeError(f"target must be a str, is {type(text).__name__}")
        if text.startswith(_SCHEMES):
            if not text.startswith("dns:"):
                return ""
            text = text.rsplit("/", 1)[-1].removeprefix("dns:")
        return self._host_and_port(text)[0]

    @property
    def port(self) -> int:
        """The host's port, 0 for a target that names no single host."""
        text = self.target.rsplit("/", 1)[-1].removeprefix("dns:")
        return self._host_and_port(text)[1] if self.host else 0

    @staticmethod
    def _host_and_port(text: str) -> tuple[str, int]:
        match = _HOST_AND_PORT.match(text)
        if match is None or not 0 < int(match["port"]) < 65536:
            raise ValueError(f'a server is "host:port", such as "{DEFAULT_TARGET}"; got {text!r}')
        return match["host"].strip("[]"), int(match["port"])

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine."""
        if self.target.startswith(("unix:", "unix-abstract:")) or self.host == "localhost":
            return True
        if self.target.startswith(("ipv4:", "ipv6:")):
            listed = self.target.split(":", 1)[1].split(",")
            return all(_is_loopback(one.rpartition(":")[0].strip("[]")) for one in listed)
        return _is_loopback(self.host)

    @property
    def address(self) -> str:
        """The target in the form that gRPC takes."""
        return self.target if self.target.startswith(_SCHEMES) else f"dns:///{self.target}"

    @property
    def max_send_bytes(self) -> int:
        """Size of the largest request that gRPC sends."""
        limit = int(self.channel_options.get(_MAX_SEND, MAX_MESSAGE_BYTES))
        return limit if limit >= 0 else 2**31 - 1  # gRPC: -1 is no limit.

    @property
    def grpc_compression(self) -> grpc.Compression | None:
        """The compression of requests as gRPC names it."""
        return None if self.compression is None else _COMPRESSIONS[self.compression]

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Return what encrypts the connection, None for plaintext."""
        if not self.uses_tls:
            return None
        own = self.client_certificate
        if own is None:
            return grpc.ssl_channel_credentials(self.root_certificates)
        return grpc.ssl_channel_credentials(
            self.root_certificates, own.private_key, own.certificate_chain
        )

    def options(self) -> list[tuple[str, Any]]:
        """Return the channel's options; those that the caller gave replace our own."""
        options: dict[str, str | int] = {
            "grpc.service_config": _SERVICE_CONFIG,
            _MAX_SEND: MAX_MESSAGE_BYTES,
            "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
            "grpc.primary_user_agent": f"ootd-python/{__version__}",
            # Notice a peer that vanished without a word, while calls run.
            "grpc.keepalive_time_ms": 60_000,
            "grpc.keepalive_timeout_ms": 20_000,
            # A gateway that restarts is found again within a second or two, not minutes.
            "grpc.initial_reconnect_backoff_ms": 100,
            "grpc.min_reconnect_backoff_ms": 1_000,
            "grpc.max_reconnect_backoff_ms": 2_000,
        }
        if self.is_local:
            options["grpc.enable_http_proxy"] = 0
        if self.server_name is not None:
            options["grpc.ssl_target_name_override"] = self.server_name
        options.update(self.channel_options)
        # Without this gRPC's core waits a minute for the answer to a ping, whatever is said above.
        options.setdefault("grpc.http2.ping_timeout_ms", options["grpc.keepalive_timeout_ms"])
        return list(options.items())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
