"""TLS and tokens: spoken, required, and read again when their files change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from certificate_files import Certificate, make_certificate, make_expired_certificate
from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import ListItemsRequest
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from statuses import failing
from waiting import wait_until

NO_TRITON = {"triton_mode": "external", "triton_address": "127.0.0.1:1"}


@pytest.fixture
def server(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path, "server")


def tls(made: Certificate) -> dict[str, Any]:
    return {"tls_private_key_file": made.key, "tls_certificate_file": made.chain}


def answers(gateway: GatewayProcess, trusted: Certificate, own: Certificate | None = None) -> bool:
    """Whether a caller who trusts a certificate, and has one of its own or none, gets an answer."""
    port = gateway.target.rpartition(":")[2]
    credentials = grpc.ssl_channel_credentials(
        trusted.chain.read_bytes(),
        own.key.read_bytes() if own else None,
        own.chain.read_bytes() if own else None,
    )
    options = [("grpc.use_local_subchannel_pool", 1)]  # a handshake of its own
    with grpc.secure_channel(f"localhost:{port}", credentials, options) as channel:
        call = CatalogServiceStub(channel).ListItems.future(ListItemsRequest(), timeout=10)
        assert call.code() in {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
        return call.code() is grpc.StatusCode.OK


def events(gateway: GatewayProcess, text: str) -> list[dict[str, object]]:
    return [one for one in gateway.log_events() if text in one["event"]]


def test_tls_is_spoken_alone(tmp_path: Path, server: Certificate) -> None:
    with GatewayProcess(tmp_path, **tls(server), **NO_TRITON) as gateway:
        assert answers(gateway, server)
        with pytest.raises(grpc.RpcError):
            gateway.catalog.ListItems(ListItemsRequest(), timeout=5)


def test_handshakes_that_fail_leave_the_log_as_it_is(tmp_path: Path, server: Certificate) -> None:
    stranger = make_certificate(tmp_path, "stranger")
    with GatewayProcess(tmp_path, **tls(server), **NO_TRITON) as gateway:
        for _ in range(3):
            assert not answers(gateway, stranger)
            with pytest.raises(grpc.RpcError):
                gateway.catalog.ListItems(ListItemsRequest(), timeout=5)
        assert gateway.stop() == 0
        for line in gateway.log().splitlines():
            json.loads(line)


def test_a_client_certificate_is_required(tmp_path: Path, server: Certificate) -> None:
    caller, stranger = (make_certificate(tmp_path, name) for name in ("caller", "stranger"))
    with GatewayProcess(
        tmp_path, **tls(server), tls_client_ca_file=caller.chain, **NO_TRITON
    ) as gateway:
        assert answers(gateway, server, caller)
        assert not answers(gateway, server, stranger)
        assert not answers(gateway, server)


def test_a_new_certificate_is_used_and_a_broken_one_is_not(
    tmp_path: Path, server: Certificate
) -> None:
    first, second = (make_certificate(tmp_path, name) for name in ("first", "second"))
    replace(server, first)
    with GatewayProcess(tmp_path, **tls(server), **NO_TRITON) as gateway:
        expiry = gateway.metric("ootd_tls_certificate_expiry_timestamp_seconds")
        assert expiry > 1.7e9
        assert answers(gateway, first)
        replace(server, second)
        assert answers(gateway, second)
        assert not answers(gateway, first)
        assert events(gateway, "certificates read again")
        # A certificate without its key, as in the middle of a careless renewal.
        server.chain.write_bytes(first.chain.read_bytes())
        for _ in range(3):
            assert answers(gateway, second)
        (warning,) = events(gateway, "the changed certificates are not used")
        assert "does not belong to the certificate" in str(warning["reason"])
        server.key.write_bytes(first.key.read_bytes())
        assert answers(gateway, first)
        server.key.unlink()
        assert answers(gateway, first)


def test_a_new_authority_of_callers_is_used(tmp_path: Path, server: Certificate) -> None:
    first, second = (make_certificate(tmp_path, name) for name in ("first", "second"))
    authority = tmp_path / "authority.pem"
    authority.write_bytes(first.chain.read_bytes())
    with GatewayProcess(
        tmp_path, **tls(server), tls_client_ca_file=authority, **NO_TRITON
    ) as gateway:
        assert answers(gateway, server, first)
        assert not answers(gateway, server, second)
        authority.write_bytes(second.chain.read_bytes())
        assert answers(gateway, server, second)
        assert not answers(gateway, server, first)


def replace(target: Certificate, new: Certificate) -> None:
    target.chain.write_bytes(new.chain.read_bytes())
    target.key.write_bytes(new.key.read_bytes())


def does_not_belong(folder: Path, server: Certificate) -> dict[str, Any]:
    return {**tls(server), "tls_private_key_file": make_certificate(folder, "other").key}


def has_expired(folder: Path, server: Certificate) -> dict[str, Any]:
    return tls(make_expired_certificate(folder))


@pytest.mark.parametrize("fault", [does_not_belong, has_expired])
def test_a_fault_at_start_is_said_as_what_it_is(
    tmp_path: Path,
    server: Certificate,
    fault: Callable[[Path, Certificate], dict[str, Any]],
) -> None:
    gateway = GatewayProcess(tmp_path, **fault(tmp_path, server), **NO_TRITON)
    gateway.launch()
    try:
        assert gateway.process.wait(30) == 1
    finally:
        gateway.stop()
    last = gateway.log_events()[-1]["event"]
    assert last.startswith("cannot start: tls_")
    assert fault.__name__.replace("_", " ") in last
    assert "cannot listen" not in last


def test_new_tokens_are_used_and_broken_ones_are_not(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("first\n")

    def allowed(token: str) -> bool:
        metadata = (("authorization", f"Bearer {token}"),)
        call = gateway.catalog.ListItems.future(ListItemsRequest(), timeout=5, metadata=metadata)
        return call.code() is grpc.StatusCode.OK

    with GatewayProcess(tmp_path, token_file=file, **NO_TRITON) as gateway:
        assert allowed("first")
        assert not allowed("second")
        file.write_text("second\n# and\nthird\n")
        assert wait_until(lambda: allowed("second"), 10)
        assert allowed("third")
        assert not allowed("first")
        file.write_text("# none\n")
        assert wait_until(lambda: allowed("third") and bool(warnings(gateway)), 10)
        file.unlink()
        assert wait_until(lambda: allowed("third") and len(warnings(gateway)) == 2, 10)
        found = failing(lambda: gateway.catalog.ListItems(ListItemsRequest(), timeout=5))
        assert found.reason == "UNAUTHENTICATED"


def warnings(gateway: GatewayProcess) -> list[dict[str, object]]:
    return events(gateway, "the changed tokens are not used")
