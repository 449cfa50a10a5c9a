"""How a gateway is reached: address, TLS, token, load balancing, keepalive and message size."""

import asyncio
import ipaddress
import json
import re
from dataclasses import dataclass, field

import grpc
import grpc.aio

DEFAULT_TARGET = "localhost:8500"
"""Where a gateway listens unless told otherwise."""

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""Largest message in either direction; a photo has at most 20 MiB."""

__version__ = "0.1.0"
"""Version of this package, told to the gateway as part of the user agent."""

_SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})
_SCHEMES = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "xds:")
_HOST_AND_PORT = re.compile(r"^(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:/\s\[\]]+):(?P<port>\d{1,5})$")


@dataclass(frozen=True, slots=True)
class Connection:
    """The address of a gateway and how to talk to it.

    `target` is "host:port" (all addresses of the host take turns) or a gRPC target such as
    "unix:/run/ootd.sock". `root_certificates` (PEM) switches TLS on and replaces the system's
    authorities; `server_name` is the name on the server's certificate where it differs from the
    host. Raises ValueError for a target that is none, and for a token that would cross a network
    in plaintext unless `allow_plaintext_token` says so.
    """

    target: str = DEFAULT_TARGET
    token: str | None = field(default=None, repr=False)
    tls: bool = False
    root_certificates: bytes | None = field(default=None, repr=False)
    server_name: str | None = None
    allow_plaintext_token: bool = False

    def __post_init__(self) -> None:
        host = self.host  # Raises for a target that is none.
        if self.token is None:
            return
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise ValueError("token must be printable ASCII and not empty")
        if not (self.uses_tls or self.is_local or self.allow_plaintext_token):
            raise ValueError(
                f"the token would be sent to {host} in plaintext: use tls=True, "
                "or allow_plaintext_token=True if the network is trusted"
            )

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.tls or self.root_certificates is not None

    @property
    def host(self) -> str:
        """The host's name or address, "" for a target that names no single host."""
        text = self.target
        if text.startswith(_SCHEMES):
            if not text.startswith("dns:"):
                return ""
            text = text.rsplit("/", 1)[-1].removeprefix("dns:")
        match = _HOST_AND_PORT.match(text)
        if match is None or not 0 < int(match["port"]) < 65536:
            raise ValueError(f'a server is "host:port", such as "{DEFAULT_TARGET}"; got {text!r}')
        return match["host"].strip("[]")

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine."""
        if self.target.startswith(("unix:", "unix-abstract:")) or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def address(self) -> str:
        """The target in the form that gRPC takes."""
        return self.target if self.target.startswith(_SCHEMES) else f"dns:///{self.target}"

    def metadata(self, request_id: str) -> tuple[tuple[str, str], ...]:
        """Return what every call carries."""
        pairs: tuple[tuple[str, str], ...] = (("x-request-id", request_id),)
        return (*pairs, ("authorization", f"Bearer {self.token}")) if self.token else pairs

    def options(self) -> list[tuple[str, str | int]]:
        """Return the channel's options."""
        options: list[tuple[str, str | int]] = [
            ("grpc.service_config", _SERVICE_CONFIG),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.primary_user_agent", f"ootd-python/{__version__}"),
            # Notice a peer that vanished without a word, while calls run.
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
            # A gateway that restarts is found again within seconds, not minutes.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 1_000),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ]
        if self.is_local:
            options.append(("grpc.enable_http_proxy", 0))
        if self.server_name is not None:
            options.append(("grpc.ssl_target_name_override", self.server_name))
        return options


def open_channel(connection: Connection) -> grpc.Channel:
    """Open a channel for the blocking client; it connects with the first call."""
    if not connection.uses_tls:
        return grpc.insecure_channel(connection.address, options=connection.options())
    credentials = grpc.ssl_channel_credentials(connection.root_certificates)
    return grpc.secure_channel(connection.address, credentials, options=connection.options())


def open_aio_channel(connection: Connection) -> grpc.aio.Channel:
    """Open a channel that belongs to the running event loop; RuntimeError where none runs."""
    asyncio.get_running_loop()
    if not connection.uses_tls:
        return grpc.aio.insecure_channel(connection.address, options=connection.options())
    credentials = grpc.ssl_channel_credentials(connection.root_certificates)
    return grpc.aio.secure_channel(connection.address, credentials, options=connection.options())
