"""Certificates for tests, made by openssl; what needs them is skipped where it is missing."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificate:
    """PEM files of a key and of its certificate, which signs itself."""

    key: Path
    chain: Path


def make_certificate(folder: Path, name: str, *, common_name: str = "localhost") -> Certificate:
    """A certificate for localhost, valid for two days."""
    made = Certificate(folder / f"{name}-key.pem", folder / f"{name}.pem")
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", f"/CN={common_name}", "-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", str(made.key), "-out", str(made.chain)),
    )
    return made


def make_signed_certificate(folder: Path, name: str, authority: Certificate) -> Certificate:
    """A certificate for localhost that an authority signed."""
    made = Certificate(folder / f"{name}-key.pem", folder / f"{name}.pem")
    request, names = folder / f"{name}.csr", folder / f"{name}.names"
    names.write_text("subjectAltName=DNS:localhost\n")
    openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
        *("-keyout", str(made.key), "-out", str(request)),
    )
    openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(authority.chain)),
        *("-CAkey", str(authority.key), "-CAcreateserial", "-days", "2"),
        *("-extfile", str(names), "-out", str(made.chain)),
    )
    return made


def encrypt_key(key: Path, to: Path) -> None:
    """The same key, which now needs a password."""
    openssl("rsa", "-in", str(key), "-aes256", "-passout", "pass:secret", "-out", str(to))


def make_expired_certificate(folder: Path) -> Certificate:
    """A certificate whose time was over long ago."""
    made = Certificate(folder / "old-key.pem", folder / "old.pem")
    request, index = folder / "old.csr", folder / "index.txt"
    index.write_text("")
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
    )
    openssl(
        *("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
        *("-keyout", str(made.key), "-out", str(request)),
    )
    openssl(
        *("ca", "-batch", "-selfsign", "-config", "ca.cnf", "-notext"),
        *("-startdate", "20200101000000Z", "-enddate", "20200102000000Z"),
        *("-keyfile", made.key.name, "-in", request.name, "-out", made.chain.name),
        folder=folder,
    )
    return made


def openssl(*arguments: str, folder: Path | None = None) -> None:
    """Run openssl, which must succeed."""
    try:
        subprocess.run(
            ["openssl", *arguments], check=True, capture_output=True, timeout=60, cwd=folder
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed; it makes this test's certificates")
