"""Certificates for tests, made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate and its key."""

    chain: Path
    key: Path


def make_authority(folder: Path, name: str) -> Certificate:
    """A certificate that signs itself and others."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", f"/CN={name}", "-keyout", str(made.key), "-out", str(made.chain)),
    )
    return made


def make_certificate(folder: Path, name: str, authority: Certificate) -> Certificate:
    """A certificate for localhost, signed by the authority."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    request = folder / f"{name}.csr"
    names = folder / f"{name}.names"
    names.write_text("subjectAltName=DNS:localhost\n")
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-subj", f"/CN={name}", "-keyout", str(made.key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(authority.chain)),
        *("-CAkey", str(authority.key), "-CAcreateserial", "-days", "2"),
        *("-extfile", str(names), "-out", str(made.chain)),
    )
    return made


def encrypt_key(key: Path, to: Path) -> None:
    """The same key, which now needs a password."""
    _openssl("ec", "-in", str(key), "-aes256", "-passout", "pass:secret", "-out", str(to))


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
