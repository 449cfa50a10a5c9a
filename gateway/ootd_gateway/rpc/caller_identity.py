"""Tells who calls: what a share of the server is counted for."""

import re
from typing import Any
from urllib.parse import unquote

from grpc import aio

from ootd_gateway.current_caller import set_current_caller

_PORT = re.compile(r":\d+$")


def adopt_caller(context: "aio.ServicerContext[Any, Any]", token_digest: bytes | None) -> None:
    """Note who calls: the digest of a token that was checked, else the address without its port.

    A token that nobody checked says nothing. All callers over Unix sockets are one, and so are
    those behind one proxy that send no tokens. The name goes into no log and no metric.
    """
    caller = address_of(context.peer()) if token_digest is None else token_digest.hex()
    set_current_caller(caller)


def address_of(peer: str | None) -> str:
    """Return a peer of gRPC, such as "ipv4:10.0.0.7:51034", without its port."""
    if not peer or peer.startswith("unix"):
        return "unix"
    return _PORT.sub("", unquote(peer))
