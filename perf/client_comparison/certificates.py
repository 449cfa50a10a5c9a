"""Certificates of one authority for this run, made with OpenSSL's command."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import grpc
from recording_server import RecordingServer

FOLDER_VARIABLE = "COMPARISON_CERTIFICATES"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM of the authority, of a server on 127.0.0.1 and localhost, and of a client."""

    root: bytes
    server_chain: bytes
    server_key: bytes
    client_chain: bytes
    client_key: bytes

    @classmethod
    def load(cls) -> "Certificates":
        """Read what `make_certificates` wrote into the folder that the variable names."""
        folder = certificates_folder()
        names = ("root.crt", "server.crt", "server.key", "client.crt", "client.key")
        return cls(*((folder / name).read_bytes() for name in names))


def certificates_folder() -> Path:
    """Return the folder that the environment names."""
    return Path(os.environ[FOLDER_VARIABLE])


def make_certificates(folder: Path) -> None:
    """Write the certificates for a day; CalledProcessError or OSError without OpenSSL."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        "req", "-x509", *key, "-days", "1", "-subj", "/CN=comparison authority",
        "-keyout", "root.key", "-out", "root.crt",
    )  # fmt: skip
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    for name in ("server", "client"):
        (folder / f"{name}.ext").write_text(names, encoding="utf-8")
        openssl(
            "req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr"
        )
        openssl(
            "x509", "-req", "-days", "1", "-in", f"{name}.csr", "-CA", "root.crt", "-CAkey",
            "root.key", "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.crt",
        )  # fmt: skip


def tls_server(certificates: Certificates, *, of_clients: bool = False) -> RecordingServer:
    """Return a server with TLS, which wants a certificate of its clients too where so told."""
    credentials = grpc.ssl_server_credentials(
        [(certificates.server_key, certificates.server_chain)],
        root_certificates=certificates.root if of_clients else None,
        require_client_auth=of_clients,
    )
    return RecordingServer(credentials=credentials)
