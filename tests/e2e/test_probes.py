"""Health over gRPC and HTTP: each service shows what it depends on."""

import sqlite3
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from certificate_files import make_certificate
from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import ListItemsRequest
from ootd.v1.server_service_pb2 import GetServerInfoRequest
from service_names import CATALOG, SEARCH, SERVER, VISION
from standard_stubs import health_stub
from statuses import failing
from waiting import wait_until

NO_TRITON = {"triton_mode": "external", "triton_address": "127.0.0.1:1"}
ALL = ("", VISION, CATALOG, SEARCH, SERVER)


def serving(gateway: GatewayProcess) -> set[str]:
    return {name for name in ALL if gateway.health(name) == "SERVING"}


def test_with_everything_there_all_serve(gateway: GatewayProcess) -> None:
    assert serving(gateway) == set(ALL)
    assert gateway.page("/healthz") == (200, "alive\n")
    assert gateway.page("/readyz?verbose") == (200, "ready\n")
    assert gateway.page("/")[0] == 404
    assert gateway.metric('ootd_dependency_ready{dependency="vision"}') == 1
    assert wait_until(lambda: gateway.metric("ootd_event_loop_lag_seconds_count") > 0, 5)
    lines = gateway.page("/metrics")[1].splitlines()
    (build,) = [line for line in lines if line.startswith("ootd_build_info{")]
    assert 'triton="triton 2.' in build
    assert 'version="0.' in build
    assert not [line for line in lines if "_created" in line]


def test_without_triton_reads_serve_and_photos_do_not(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, **NO_TRITON) as gateway:
        assert wait_until(lambda: serving(gateway) == {CATALOG, SEARCH, SERVER}, 10)
        assert gateway.page("/healthz")[0] == 200
        status, text = gateway.page("/readyz")
        assert status == 503
        assert "vision: " in text
        assert "store" not in text


def test_a_database_that_fails_is_shown_and_so_is_its_return(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, **NO_TRITON) as gateway:
        path = tmp_path / "data" / "ootd.sqlite"
        with sqlite3.connect(path, isolation_level=None) as database:
            database.execute("ALTER TABLE counters RENAME TO hidden")
            assert wait_until(lambda: serving(gateway) == {SERVER}, 20)
            status, text = gateway.page("/readyz")
            assert status == 503
            assert "store: the database" in text
            database.execute("ALTER TABLE hidden RENAME TO counters")
        assert wait_until(lambda: serving(gateway) == {CATALOG, SEARCH, SERVER}, 20)
        told = [one["event"] for one in gateway.log_events()]
        assert "the database cannot be used" in told
        assert "the database can be used again" in told


def test_beside_tls_and_tokens_a_plaintext_port_answers_health_alone(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "server")
    (tmp_path / "tokens").write_text("sh0p\n")
    with GatewayProcess(
        tmp_path,
        tls_private_key_file=made.key,
        tls_certificate_file=made.chain,
        token_file=tmp_path / "tokens",
        health_address="127.0.0.1:0",
        **NO_TRITON,
    ) as gateway:
        with grpc.insecure_channel(str(gateway.addresses["health_address"])) as channel:
            check = health_stub(channel).Check
            answer = check(health_pb2.HealthCheckRequest(service=CATALOG), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            raw: Any = channel.unary_unary(f"/{CATALOG}/ListItems")
            with pytest.raises(grpc.RpcError) as raised:
                raw(b"", timeout=5)
            assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert gateway.stop() == 0


def test_server_info_tells_versions_and_limits(gateway: GatewayProcess) -> None:
    told = gateway.server.GetServerInfo(GetServerInfoRequest(), timeout=10)
    assert told.version.startswith("0.")
    assert told.minimum_client_version
    assert told.taxonomy_version >= 1
    assert told.vision_server.startswith("triton 2.")
    assert told.vector_fingerprint
    assert told.graph_fingerprint
    assert told.attribute_model == 1
    assert told.limits.max_image_bytes == 20 * 1024 * 1024
    assert told.limits.max_answer_bytes == 24 * 1024 * 1024
    assert told.limits.default_deadline_seconds == 15


def test_server_info_is_told_without_models(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, **NO_TRITON, attribute_model="sequencer") as gateway:
        told = gateway.server.GetServerInfo(GetServerInfoRequest(), timeout=10)
        assert told.version
        assert (told.taxonomy_version, told.vision_server, told.vector_fingerprint) == (0, "", "")
        assert told.attribute_model == 2
        assert told.limits.max_request_bytes == 32 * 1024 * 1024


def test_while_it_drains_calls_are_still_taken_for_a_moment(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, **NO_TRITON, drain_delay_seconds=3) as gateway:
        gateway.process.terminate()
        assert wait_until(lambda: gateway.health(SERVER) == "NOT_SERVING", 10)
        assert gateway.page("/readyz")[1].startswith("not ready\ngateway: the gateway is about to")
        assert gateway.page("/healthz")[0] == 200
        gateway.catalog.ListItems(ListItemsRequest(), timeout=5)
        assert gateway.process.wait(20) == 0


def test_tokens_are_asked_for_server_info(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("sh0p\n")
    with GatewayProcess(tmp_path, token_file=tmp_path / "tokens", **NO_TRITON) as gateway:
        found = failing(lambda: gateway.server.GetServerInfo(GetServerInfoRequest(), timeout=5))
        assert found.reason == "UNAUTHENTICATED"
