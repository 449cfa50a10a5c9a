"""The server's certificate, its key, and whose client certificates are taken: from files.

They are checked before they are used, since gRPC only tells that a handshake failed, and read again
at the first handshake after they changed.
"""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog

from ootd_gateway.errors import StartError
from ootd_gateway.file_signature import signature_of

log = structlog.get_logger(__name__)

# What X509_verify_cert says of a certificate whose time is over or has not come.
_EXPIRED, _NOT_YET_VALID = 10, 9
_TRIES = 3
_MOST_FLIGHTS = 10


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate chain, its private key, and the authorities of callers or None."""

    certificate: Path
    private_key: Path
    client_ca: Path | None = None

    def paths(self) -> list[Path]:
        """Return all files that there are."""
        return [self.certificate, self.private_key, *([self.client_ca] if self.client_ca else [])]


@dataclass(frozen=True, slots=True)
class CheckedCertificates:
    """What gRPC takes of the files, and when the certificate expires, in seconds since 1970."""

    configuration: grpc.ServerCertificateConfiguration
    expires_at: float


class ReloadedCertificates:
    """The certificates in use. gRPC asks for them at every handshake, in threads of its own.

    Changed files that cannot be used are told once, and the former certificates stay. `on_load` is
    told when the certificates in use expire.
    """

    def __init__(self, files: TlsFiles, on_load: Callable[[float], None]) -> None:
        """Read and check the files. Raises StartError that names the file and its fault."""
        self._files = files
        self._on_load = on_load
        self._lock = threading.Lock()
        self._signature = signature_of(files.paths())
        self._first = check_files(files)
        on_load(self._first.expires_at)

    def credentials(self) -> grpc.ServerCredentials:
        """Return credentials that follow the files."""
        return grpc.dynamic_ssl_server_credentials(
            self._first.configuration,
            self._changed,  # type: ignore[arg-type]  # None: no change
            require_client_authentication=self._files.client_ca is not None,
        )

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return new certificates, or None where those in use stay."""
        with self._lock:
            signature = signature_of(self._files.paths())
            if signature == self._signature:
                return None
            self._signature = signature
            try:
                checked = check_files(self._files)
            except StartError as error:
                log.warning(
                    "the changed certificates are not used, the former ones stay",
                    reason=str(error),
                )
                return None
            log.info("certificates read again", certificate=str(self._files.certificate))
            self._on_load(checked.expires_at)
            return checked.configuration


def check_files(files: TlsFiles) -> CheckedCertificates:
    """Read the files and try them on a handshake with themselves, in memory.

    Raises StartError that names the file and its fault.
    """
    for _ in range(_TRIES):
        before = signature_of(files.paths())
        checked = _check(files)
        if signature_of(files.paths()) == before:
            return checked
    raise StartError(f"{files.certificate}, its key or authority change while they are read")


def _check(files: TlsFiles) -> CheckedCertificates:
    chain = _read(files.certificate, "tls_certificate_file")
    key = _read(files.private_key, "tls_private_key_file")
    if b"-----BEGIN CERTIFICATE-----" not in chain:
        raise StartError(f"tls_certificate_file: {files.certificate} holds no certificate in PEM")
    if b"PRIVATE KEY-----" not in key:
        raise StartError(f"tls_private_key_file: {files.private_key} holds no private key in PEM")
    server = _server_context(files)
    expires_at = _expiry(server, files, chain)
    authorities = None
    if files.client_ca is not None:
        authorities = _read(files.client_ca, "tls_client_ca_file")
        _check_authorities(files.client_ca, authorities)
    return CheckedCertificates(
        grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=authorities),
        expires_at,
    )


def _server_context(files: TlsFiles) -> ssl.SSLContext:
    class EncryptedKeyError(Exception):
        pass

    def no_password() -> str:
        raise EncryptedKeyError

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(files.certificate, files.private_key, password=no_password)
    except EncryptedKeyError:
        raise StartError(
            f"tls_private_key_file: the key in {files.private_key} is encrypted; store it without "
            "a passphrase (openssl pkey -in FILE -out NEW), readable by the gateway alone"
        ) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise StartError(
                f"tls_private_key_file: the key in {files.private_key} does not belong to the "
                f"certificate in {files.certificate}; the server's own certificate must come first "
                "in its file"
            ) from None
        raise StartError(
            f"tls_certificate_file, tls_private_key_file: {files.certificate} or "
            f"{files.private_key} is damaged: {error.reason or 'no valid PEM'}"
        ) from None
    return context


def _expiry(server: ssl.SSLContext, files: TlsFiles, chain: bytes) -> float:
    """Return when the certificate expires. Raises StartError where that is now, or it is not yet
    valid."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the chain vouches for itself
    client.load_verify_locations(cadata=chain.decode("latin-1"))
    try:
        certificate = _certificate_seen(server, client)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code not in {_EXPIRED, _NOT_YET_VALID}:
            return 0.0  # its purpose, say: callers will judge
        fault = "has expired" if error.verify_code == _EXPIRED else "is not valid yet"
        raise StartError(
            f"tls_certificate_file: the certificate in {files.certificate} {fault}; renew it, or "
            "set this machine's clock"
        ) from None
    except ssl.SSLError:
        return 0.0
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def _certificate_seen(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, object]:
    """Return the server's certificate as a client sees it in a handshake."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(_MOST_FLIGHTS):
        waiting = 0
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting += 1
        if not waiting:
            break
    return dict(sides[0].getpeercert() or {})


def _check_authorities(path: Path, authorities: bytes) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            cadata=authorities.decode("latin-1")
        )
    except (ssl.SSLError, ValueError):
        raise StartError(f"tls_client_ca_file: {path} holds no certificate in PEM") from None


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartError(f"{setting}: cannot read {path}: {error.strerror}") from None
