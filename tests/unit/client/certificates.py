"""Certificates for tests, made by openssl: an authority, a server's, a client's, a stranger's."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_NAMES = "subjectAltName=DNS:localhost,DNS:ootd.test,IP:127.0.0.1"


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True)
class Certificates:
    """`server` and `client` are issued by `authority`; `stranger` signed itself."""

    authority: bytes
    server: Pair
    client: Pair
    stranger: Pair


def make_certificates(folder: Path) -> Certificates:
    """Make them in a folder; FileNotFoundError where there is no openssl."""
    _self_signed(folder, "authority")
    _self_signed(folder, "stranger")
    (folder / "names").write_text(_NAMES)
    for name in ("server", "client"):
        _openssl(folder, "req", *_new_key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        _openssl(
            folder,
            *("x509", "-req", "-in", f"{name}.csr", "-days", "2", "-extfile", "names"),
            *("-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"),
            *("-out", f"{name}.pem"),
        )
    return Certificates(
        (folder / "authority.pem").read_bytes(),
        *(
            Pair((folder / f"{name}.pem").read_bytes(), (folder / f"{name}.key").read_bytes())
            for name in ("server", "client", "stranger")
        ),
    )


def _self_signed(folder: Path, name: str) -> None:
    options = ("-x509", "-days", "2", "-out", f"{name}.pem", "-subj", f"/CN={name}")
    _openssl(folder, "req", *_new_key(name), *options)


def _new_key(name: str) -> tuple[str, ...]:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    return (*curve, "-nodes", "-keyout", f"{name}.key")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
