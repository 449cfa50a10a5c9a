"""Certificates and token for the connection to Triton, read again when their files change."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog

from ootd_gateway.errors import StartError
from ootd_gateway.file_signature import signature_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SecurityFiles:
    """What Triton is to be told and asked for.

    Without `tls` the connection is plaintext and the other fields are unused. `root_certificates`
    None takes gRPC's own list of authorities; `certificate_chain` and `private_key` are the
    gateway's, for a Triton that asks for one; `token` holds one line, sent as bearer token.
    """

    tls: bool = False
    root_certificates: Path | None = None
    certificate_chain: Path | None = None
    private_key: Path | None = None
    token: Path | None = None

    def paths(self) -> list[Path]:
        """All files that are to be read."""
        if not self.tls:
            return []
        files = (self.root_certificates, self.certificate_chain, self.private_key, self.token)
        return [path for path in files if path is not None]


class Security:
    """The files' content, as it was when it was last found to be good."""

    def __init__(self, files: SecurityFiles) -> None:
        """Read the files. Raises StartError that names the file at fault."""
        self._files = files
        self._signature = signature_of(files.paths())
        self._token = ""
        self.credentials: grpc.ChannelCredentials | None = None
        """None is a plaintext connection."""
        self._read()

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes with each call."""
        return (("authorization", f"Bearer {self._token}"),) if self._token else ()

    def has_changed(self) -> bool:
        """Read the files again if they changed; tells whether connections must be made anew.

        Files that cannot be used are told in the log once, and what was read before stays.
        """
        signature = signature_of(self._files.paths())
        if signature == self._signature:
            return False
        self._signature = signature
        try:
            self._read()
        except StartError as error:
            log.warning("Triton's former certificates and token stay in use", cause=str(error))
            return False
        log.info("certificates and token for Triton were read again")
        return True

    def _read(self) -> None:
        files = self._files
        if not files.tls:
            return
        roots = _read_file(files.root_certificates)
        chain, key = _read_file(files.certificate_chain), _read_file(files.private_key)
        token = (_read_file(files.token) or b"").decode("latin-1").strip()
        _check(files, roots)
        fits = token and token.isascii() and token.isprintable() and " " not in token
        if files.token is not None and not fits:
            raise StartError(f"{files.token}: it must hold one token, in printable ASCII")
        self.credentials = grpc.ssl_channel_credentials(roots, key, chain)
        self._token = token


def _read_file(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartError(
            f"cannot read {path}, for the connection to Triton: {error.strerror}"
        ) from None


def _check(files: SecurityFiles, roots: bytes | None) -> None:
    """Find out now what gRPC would only tell as a connection that fails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots is not None:
        try:
            context.load_verify_locations(cadata=roots.decode("ascii", errors="replace"))
        except ssl.SSLError as error:
            raise StartError(
                f"{files.root_certificates}: it must hold certificates in PEM ({error.reason})"
            ) from None
    if files.certificate_chain is None:
        return
    try:
        # The empty password makes an encrypted key fail instead of asking on the terminal.
        context.load_cert_chain(files.certificate_chain, files.private_key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise StartError(
            f"{files.certificate_chain} and {files.private_key}: they must be a certificate and "
            f"its unencrypted private key in PEM ({getattr(error, 'reason', None) or error})"
        ) from None
