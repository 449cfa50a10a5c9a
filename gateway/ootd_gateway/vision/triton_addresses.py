"""From a gRPC target to the addresses of the Triton servers behind it."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One server: what gRPC connects to, and what it is called.

    `host` is the name that its certificate must carry and `authority` the one that requests name;
    both are "" where gRPC knows them from the target.
    """

    target: str
    host: str = ""
    authority: str = ""


class AddressError(Exception):
    """A name has no address now; the message says which and why."""


async def resolve(target: str) -> list[Address]:
    """Return the servers behind a target, in a fixed order.

    - "host:port" and "dns:///host:port": every address of the name; where it has some of both
      families, those of IPv4, lest a server of two families counts twice.
    - "ipv4:1.2.3.4:8001,1.2.3.5:8001", "ipv6:[::1]:8001,...": each of them.
    - All else, such as "unix:/run/triton.sock", is one server that gRPC finds by itself.

    Raises AddressError.
    """
    for family in ("ipv4:", "ipv6:"):
        if target.startswith(family):
            hosts = target.removeprefix(family).split(",")
            return [Address(family + host.strip()) for host in hosts if host.strip()]
    name = target
    if target.startswith("dns:"):
        name = target.removeprefix("dns:").lstrip("/").rpartition("/")[2]
    elif ":" in target.partition("/")[0] and not target.rpartition(":")[2].isdigit():
        return [Address(target)]
    host, _, port = name.rpartition(":")
    if not host or not port.isdigit():
        return [Address(target)]
    if _is_address(host.strip("[]")):
        return [Address(name)]
    return await _look_up(host, int(port))


async def _look_up(host: str, port: int) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressError(f'the name "{host}" has no address: {reason}') from None
    families = {family for family, *_ in found}
    wanted = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    addresses = sorted({str(end[0]) for family, *_, end in found if family == wanted})
    return [
        Address(
            f"[{one}]:{port}" if wanted == socket.AF_INET6 else f"{one}:{port}",
            host=host,
            authority=f"{host}:{port}",
        )
        for one in addresses
    ]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
