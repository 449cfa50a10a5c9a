"""Finds out why an encrypted connection fails, by making one of its own.

gRPC tells of one address of a host only, and of a server that asks for a certificate only that the
socket was closed.
"""

import contextlib
import socket
import ssl
import time
from pathlib import Path

import grpc

from ootd.channel import Connection

_LIMIT_S = 2.0
_NAME_CODES = (62, 63, 64)
"""OpenSSL's: the certificate is for another host, e-mail address, IP address."""


def untrusted(host: str, why: str, connection: Connection) -> str:
    """Say that a certificate is not trusted, and what to do."""
    remedy = "pass the authority's certificate as root_certificates"
    if connection.root_certificates is not None:
        remedy = "root_certificates holds another authority"
    return f"the certificate of {host} is not trusted: {why}; {remedy}"


def other_name(host: str, connection: Connection) -> str:
    """Say that a certificate is for another name, and what to do."""
    name = connection.server_name or host
    return f"the certificate of {host} is not for the name {name}; pass its name as server_name"


def no_tls(target: str) -> str:
    """Say that a server speaks no TLS, and what to do."""
    return (
        f"the server at {target} speaks no TLS: leave out tls, root_certificates and "
        "client_certificate, or switch TLS on at the server"
    )


def fault(connection: Connection, left_s: float = _LIMIT_S) -> str | None:
    """Return what keeps the two sides from a connection, None where it is not TLS.

    Takes two seconds at most, `left_s` where that is less; how long the system looks for the
    host's name is not counted.
    """
    if not connection.host:
        return None  # A target of gRPC's own; its text must do.
    deadline = time.monotonic() + min(_LIMIT_S, left_s)
    try:
        found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
    except OSError:
        return None
    for family, kind, protocol, _, address in found:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        with socket.socket(family, kind, protocol) as plain:
            plain.settimeout(left_s)
            try:
                plain.connect(address)
            except OSError:
                continue  # Nobody there; another address of the host may answer.
            return _encrypted_fault(plain, connection, deadline)
    return None


def _encrypted_fault(plain: socket.socket, connection: Connection, deadline: float) -> str | None:
    try:
        plain.settimeout(_until(deadline))
        context = _context(connection)
        name = connection.server_name or connection.host
        with context.wrap_socket(plain, server_hostname=name) as encrypted:
            if not connection.uses_tls:
                return f"the server at {connection.target} speaks TLS: pass tls=True"
            encrypted.settimeout(_until(deadline))
            return _first_word_fault(encrypted, connection)
    except ssl.SSLError as error:
        return _handshake_fault(error, connection)
    except OSError:
        return None


def _until(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)  # 0 would be "do not wait", another mode.


def _handshake_fault(error: ssl.SSLError, connection: Connection) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _NAME_CODES:
            return other_name(connection.host, connection)
        return untrusted(connection.host, error.verify_message, connection)
    if _asks_for_certificate(error):
        return _certificate_fault(connection)
    return no_tls(connection.target) if connection.uses_tls else None


def _first_word_fault(encrypted: ssl.SSLSocket, connection: Connection) -> str | None:
    """A gRPC server speaks first; one that misses a certificate closes in place of that."""
    try:
        if encrypted.recv(1):
            return None
    except ssl.SSLError as error:
        return _certificate_fault(connection) if _asks_for_certificate(error) else None
    except ConnectionError:
        return _certificate_fault(connection)
    except OSError:  # It took too long, and that is no fault of TLS.
        return None
    return _certificate_fault(connection)


def _certificate_fault(connection: Connection) -> str:
    host = connection.host
    if connection.client_certificate is None:
        return f"the server at {host} requires a client certificate: pass client_certificate"
    return (
        f"the server at {host} does not accept the client certificate: its authority must have "
        "issued it, and the private key must belong to it"
    )


def _asks_for_certificate(error: ssl.SSLError) -> bool:
    reason = (error.reason or "").upper()
    return "CERTIFICATE" in reason or "HANDSHAKE_FAILURE" in reason


def _context(connection: Connection) -> ssl.SSLContext:
    """Return a context that checks what gRPC checks, and no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not connection.uses_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # Nothing is sent: the question is whether it is TLS.
    elif connection.root_certificates is not None:
        context.load_verify_locations(cadata=connection.root_certificates.decode("ascii"))
    else:
        # gRPC trusts the authorities in its own package, not the system's.
        roots = Path(grpc.__file__).parent / "_cython" / "_credentials" / "roots.pem"
        if roots.exists():
            context.load_verify_locations(cafile=roots)
        else:
            context.load_default_certs()
    with contextlib.suppress(NotImplementedError):
        context.set_alpn_protocols(["h2"])
    return context
