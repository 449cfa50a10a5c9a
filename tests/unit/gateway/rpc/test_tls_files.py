"""Files of TLS: their faults are said as what they are, and changes are followed."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from certificate_files import Certificate, make_certificate, make_expired_certificate, openssl
from ootd_gateway.errors import StartError
from ootd_gateway.rpc.tls_files import TlsFiles, check_files


@pytest.fixture
def good(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path, "good")


def mismatched(folder: Path, good: Certificate) -> TlsFiles:
    return TlsFiles(good.chain, make_certificate(folder, "other").key)


def key_first(folder: Path, good: Certificate) -> TlsFiles:
    return TlsFiles(good.key, good.chain)


def no_pem_certificate(folder: Path, good: Certificate) -> TlsFiles:
    der = folder / "good.der"
    openssl("x509", "-in", str(good.chain), "-outform", "DER", "-out", str(der))
    return TlsFiles(der, good.key)


def no_pem_key(folder: Path, good: Certificate) -> TlsFiles:
    (folder / "empty").write_bytes(b"")
    return TlsFiles(good.chain, folder / "empty")


def encrypted(folder: Path, good: Certificate) -> TlsFiles:
    locked = folder / "locked.pem"
    openssl(
        *("pkey", "-aes256", "-passout", "pass:secret"),
        *("-in", str(good.key), "-out", str(locked)),
    )
    return TlsFiles(good.chain, locked)


def expired(folder: Path, good: Certificate) -> TlsFiles:
    old = make_expired_certificate(folder)
    return TlsFiles(old.chain, old.key)


def missing(folder: Path, good: Certificate) -> TlsFiles:
    return TlsFiles(folder / "nothing.pem", good.key)


def damaged(folder: Path, good: Certificate) -> TlsFiles:
    cut = folder / "cut.pem"
    cut.write_text(good.chain.read_text().replace("M", "N", 5))
    return TlsFiles(cut, good.key)


def no_authority(folder: Path, good: Certificate) -> TlsFiles:
    return TlsFiles(good.chain, good.key, good.key)


@pytest.mark.parametrize(
    ("make", "named", "told"),
    [
        (mismatched, "other-key.pem", "does not belong to the certificate"),
        (key_first, "good-key.pem", "holds no certificate in PEM"),
        (no_pem_certificate, "good.der", "holds no certificate in PEM"),
        (no_pem_key, "empty", "holds no private key in PEM"),
        (encrypted, "locked.pem", "is encrypted"),
        (expired, "old.pem", "has expired"),
        (missing, "nothing.pem", "No such file"),
        (damaged, "cut.pem", "is damaged"),
        (no_authority, "good-key.pem", "holds no certificate in PEM"),
    ],
)
def test_a_fault_is_said_as_what_it_is(
    tmp_path: Path,
    good: Certificate,
    make: Callable[[Path, Certificate], TlsFiles],
    named: str,
    told: str,
) -> None:
    with pytest.raises(StartError) as raised:
        check_files(make(tmp_path, good))
    assert named in str(raised.value)
    assert told in str(raised.value)
    assert "tls_" in str(raised.value)  # the setting


def test_good_files_tell_when_the_certificate_expires(good: Certificate) -> None:
    checked = check_files(TlsFiles(good.chain, good.key, good.chain))
    two_days = 2 * 86_400
    assert time.time() < checked.expires_at <= time.time() + two_days


def test_a_chain_over_an_authority_is_good(tmp_path: Path) -> None:
    authority = make_certificate(tmp_path, "authority", common_name="Authority")
    key, request, leaf = tmp_path / "leaf.key", tmp_path / "leaf.csr", tmp_path / "leaf.pem"
    openssl(
        *("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=leaf"),
        *("-keyout", str(key), "-out", str(request)),
    )
    openssl(
        *("x509", "-req", "-days", "1", "-in", str(request), "-out", str(leaf)),
        *("-CA", str(authority.chain), "-CAkey", str(authority.key), "-set_serial", "7"),
    )
    chain = tmp_path / "chain.pem"
    chain.write_text(leaf.read_text() + authority.chain.read_text())
    assert check_files(TlsFiles(chain, key)).expires_at > time.time()
    wrong_order = tmp_path / "wrong-order.pem"
    wrong_order.write_text(authority.chain.read_text() + leaf.read_text())
    with pytest.raises(StartError, match="must come first"):
        check_files(TlsFiles(wrong_order, key))


def test_the_check_needs_no_network_and_no_time(good: Certificate) -> None:
    began = time.monotonic()
    check_files(TlsFiles(good.chain, good.key))
    assert time.monotonic() - began < 2
