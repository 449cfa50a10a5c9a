"""TLS and tokens towards a Triton elsewhere, over a real gRPC server."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
from steered_triton import SteeredTriton, eventually, listening, looking_at
from structlog.testing import capture_logs

from certificate_files import (
    Certificate,
    encrypt_key,
    make_certificate,
    make_signed_certificate,
)
from ootd_gateway.errors import StartError, VisionUnavailableError
from ootd_gateway.process.settings import load_settings
from ootd_gateway.process.vision_options import vision_options
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import Photo
from ootd_gateway.vision import triton_replicas, triton_watch
from ootd_gateway.vision.triton_addresses import Address, AddressError, resolve
from ootd_gateway.vision.triton_connection import ConnectionOptions
from ootd_gateway.vision.triton_replica import Patience
from ootd_gateway.vision.triton_security import Security, SecurityFiles
from ootd_gateway.vision.triton_vision import TritonVision, VisionOptions

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed; it makes the certificates"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Certificate:
    return make_certificate(folder, "authority", common_name="authority")


@pytest.fixture(scope="module")
def server(folder: Path, authority: Certificate) -> Certificate:
    return make_signed_certificate(folder, "server", authority)


@pytest.fixture(scope="module")
def gateway(folder: Path, authority: Certificate) -> Certificate:
    return make_signed_certificate(folder, "gateway", authority)


def credentials(server: Certificate, client_authority: Certificate | None = None) -> Any:
    return grpc.ssl_server_credentials(
        [(server.key.read_bytes(), server.chain.read_bytes())],
        root_certificates=client_authority.chain.read_bytes() if client_authority else None,
        require_client_auth=client_authority is not None,
    )


def options(**files: Any) -> ConnectionOptions:
    return ConnectionOptions(security=SecurityFiles(tls=True, **files))


async def test_tls_with_a_certificate_of_the_gateway_and_a_token(
    tmp_path: Path, authority: Certificate, server: Certificate, gateway: Certificate
) -> None:
    token = tmp_path / "token"
    token.write_text("secret-1\n")
    triton = SteeredTriton()
    chosen = options(
        root_certificates=authority.chain,
        certificate_chain=gateway.chain,
        private_key=gateway.key,
        token=token,
    )
    async with (
        listening(triton, host="localhost", credentials=credentials(server, authority)) as port,
        looking_at(f"localhost:{port}", connection=chosen) as vision,
    ):
        assert await vision.is_ready()
        await vision.analyze(Photo(b"x"))
        assert {one["authorization"] for one in triton.metadata} == {"Bearer secret-1"}


async def test_a_triton_that_others_vouch_for_is_not_spoken_to(
    tmp_path: Path, server: Certificate
) -> None:
    stranger = make_certificate(tmp_path, "stranger", common_name="stranger")
    triton = SteeredTriton()
    with capture_logs() as lines:
        async with (
            listening(triton, host="localhost", credentials=credentials(server)) as port,
            looking_at(
                f"localhost:{port}", connection=options(root_certificates=stranger.chain)
            ) as vision,
        ):
            assert not await vision.is_ready()
    assert any("CERTIFICATE_VERIFY_FAILED" in one.get("cause", "") for one in lines)
    assert triton.metadata == []


async def test_files_are_read_again_when_they_change(
    tmp_path: Path,
    authority: Certificate,
    server: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(triton_replicas, "RESOLVE_SECONDS", 0.05)
    token, roots = tmp_path / "token", tmp_path / "roots.pem"
    token.write_text("secret-1")
    roots.write_bytes(authority.chain.read_bytes())
    other = make_certificate(tmp_path, "other", common_name="other")
    other_server = make_signed_certificate(tmp_path, "other-server", other)
    triton, metrics = SteeredTriton(), Metrics()
    chosen = options(root_certificates=roots, token=token)
    async with AsyncExitStack() as stack:
        async with listening(triton, host="localhost", credentials=credentials(server)) as port:
            vision = await stack.enter_async_context(
                looking_at(f"localhost:{port}", metrics, connection=chosen)
            )
            await vision.analyze(Photo(b"x"))
            token.write_text("secret-2")
            await eventually(lambda: triton.metadata[-1]["authorization"] == "Bearer secret-2")
            with capture_logs() as lines:
                roots.write_text("no certificate")
                await eventually(lambda: bool(lines))
                await asyncio.sleep(0.3)
            (warning,) = [one for one in lines if one["log_level"] == "warning"]
            assert "roots.pem: it must hold certificates in PEM" in warning["cause"]
            await vision.analyze(Photo(b"x"))  # the former ones are still used
            roots.write_bytes(other.chain.read_bytes())
            await eventually(lambda: not circuit_is_closed(metrics))
        renewed = credentials(other_server)
        async with listening(triton, port, host="localhost", credentials=renewed):
            await eventually(lambda: circuit_is_closed(metrics))
            await vision.analyze(Photo(b"x"))


async def test_a_photo_that_hangs_in_a_connection_with_former_files_gives_its_slot_back(
    tmp_path: Path,
    authority: Certificate,
    server: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(triton_replicas, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(triton_watch, "LOOK_SECONDS", 0.05)
    token = tmp_path / "token"
    token.write_text("secret-1")
    triton, metrics = SteeredTriton(gate=asyncio.Event()), Metrics()
    assert triton.gate is not None
    chosen = options(root_certificates=authority.chain, token=token)
    async with (
        listening(triton, host="localhost", credentials=credentials(server)) as port,
        looking_at(
            f"localhost:{port}", metrics, connection=chosen, patience=Patience(photo_s=0.5)
        ) as vision,
    ):
        token.write_text("secret-22")  # from now on files are looked at often
        await eventually(lambda: triton.metadata[-1]["authorization"] == "Bearer secret-22")
        lost = asyncio.create_task(vision.analyze(Photo(b"x")))
        await eventually(lambda: triton.running == 1)
        token.write_text("secret-333")
        await eventually(lambda: triton.metadata[-1]["authorization"] == "Bearer secret-333")
        gate, triton.gate = triton.gate, None
        with pytest.raises(VisionUnavailableError):
            await asyncio.wait_for(lost, 10)
        labels = {"priority": "interactive"}
        assert metrics.registry.get_sample_value("ootd_vision_running_photos", labels) == 0
        assert (await vision.analyze(Photo(b"x"))).garments
        gate.set()


async def test_files_that_change_while_triton_is_asked_do_not_end_the_watch(
    tmp_path: Path,
    authority: Certificate,
    server: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(triton_replicas, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(triton_watch, "LOOK_SECONDS", 0.01)
    token = tmp_path / "token"
    token.write_text("secret-1")
    triton = SteeredTriton(slow_looks_s=0.3)  # nearly always somebody waits for an answer
    chosen = options(root_certificates=authority.chain, token=token)
    async with (
        listening(triton, host="localhost", credentials=credentials(server)) as port,
        looking_at(f"localhost:{port}", connection=chosen) as vision,
    ):
        for secret in ("secret-22", "secret-333", "secret-4444"):
            token.write_text(secret)
            await eventually(partial(was_told, triton, secret))
            assert (await vision.analyze(Photo(b"x"))).garments


def was_told(triton: SteeredTriton, secret: str) -> bool:
    return triton.metadata[-1]["authorization"] == f"Bearer {secret}"


def circuit_is_closed(metrics: Metrics) -> bool:
    label = [
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "ootd_triton_circuit_state"
    ]
    return label == [0]


@pytest.fixture
def files(tmp_path: Path, authority: Certificate, gateway: Certificate) -> dict[str, Path]:
    """Files of `SecurityFiles` that may be spoilt."""
    contents = {
        "root_certificates": authority.chain.read_bytes(),
        "certificate_chain": gateway.chain.read_bytes(),
        "private_key": gateway.key.read_bytes(),
        "token": b"secret",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda files, _: files["root_certificates"].unlink(), "cannot read .*root_certificates"),
        (lambda files, _: files["root_certificates"].write_text("x"), "certificates in PEM"),
        (lambda files, _: files["private_key"].write_text("x"), "unencrypted private key"),
        (
            lambda files, others: files["private_key"].write_bytes(others.key.read_bytes()),
            "unencrypted private key in PEM .*MISMATCH",
        ),
        (
            lambda files, others: encrypt_key(others.key, files["private_key"]),
            "unencrypted private key",
        ),
        (lambda files, _: files["token"].write_text("\n"), "one token"),
        (lambda files, _: files["token"].write_text("two tokens"), "one token"),
        (lambda files, _: files["token"].write_bytes(b"\xff\xfe"), "one token"),
    ],
)
def test_files_that_cannot_be_used_are_told_at_the_start(
    files: dict[str, Path],
    server: Certificate,
    spoil: Callable[[dict[str, Path], Certificate], None],
    message: str,
) -> None:
    Security(SecurityFiles(tls=True, **files))
    spoil(files, server)
    with pytest.raises(StartError, match=message):
        TritonVision(
            "localhost:1", metrics=Metrics(), options=VisionOptions(connection=options(**files))
        )


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"TRITON_TOKEN_FILE": "t"}, "triton_token_file: set triton_tls too"),
        ({"TRITON_TLS": "1"}, "the embedded Triton is on loopback"),
        (
            {"TRITON_MODE": "external", "TRITON_TLS": "1", "TRITON_CLIENT_KEY_FILE": "k"},
            "set both of triton_client_certificate_file",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], message: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"OOTD_{name}", value)
    with pytest.raises(StartError, match=message):
        load_settings()


def test_settings_reach_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_TRITON_MODE", "external")
    monkeypatch.setenv("OOTD_TRITON_TLS", "true")
    monkeypatch.setenv("OOTD_TRITON_KEEPALIVE_SECONDS", "300")
    monkeypatch.setenv("OOTD_BULK_SHARE", "0.5")
    monkeypatch.setenv("OOTD_BULK_PATIENCE_SECONDS", "7")
    made = vision_options(load_settings().settings.vision, caller_share=0.25)
    assert made.connection.security.tls
    assert made.connection.keepalive_s == 300
    assert (made.bulk_share, made.bulk_patience_s, made.caller_share) == (0.5, 7, 0.25)
    assert made.patience.start_s == 0


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("127.0.0.1:8001", [Address("127.0.0.1:8001")]),
        ("[::1]:8001", [Address("[::1]:8001")]),
        ("unix:/run/triton.sock", [Address("unix:/run/triton.sock")]),
        ("ipv4:1.2.3.4:1, 1.2.3.5:2", [Address("ipv4:1.2.3.4:1"), Address("ipv4:1.2.3.5:2")]),
        ("localhost:80", [Address("127.0.0.1:80", "localhost", "localhost:80")]),
        ("dns:///localhost:80", [Address("127.0.0.1:80", "localhost", "localhost:80")]),
        ("dns:localhost:80", [Address("127.0.0.1:80", "localhost", "localhost:80")]),
    ],
)
async def test_targets_become_the_addresses_of_servers(
    target: str, expected: list[Address]
) -> None:
    assert await resolve(target) == expected


async def test_a_name_without_an_address_is_told() -> None:
    with pytest.raises(AddressError, match="no-such-host"):
        await resolve("no-such-host.invalid:8001")
