"""What the metrics port answers at which path."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse

import pytest

from ootd_gateway.errors import StartError
from ootd_gateway.process.metrics_server import MetricsServer, Probes
from ootd_gateway.telemetry.metrics.registry import Metrics


@dataclass
class Gateway:
    """What probes ask, as a test wishes."""

    still_s: float = 0.0
    missing: dict[str, str] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
    address: str = ""

    def ask(self, path: str, method: str = "GET") -> tuple[HTTPResponse, str]:
        host, _, port = self.address.rpartition(":")
        connection = HTTPConnection(host.strip("[]"), int(port), timeout=5)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(params=["127.0.0.1:0", "[::1]:0"])
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    made = Gateway()
    probes = Probes(since_turn=lambda: made.still_s, missing=lambda: made.missing)
    try:
        server = MetricsServer(request.param, made.metrics.registry, probes)
    except StartError:
        pytest.skip("there is no IPv6 here")
    made.address = server.address
    yield made
    server.close()


def test_metrics_are_at_their_path_alone(gateway: Gateway) -> None:
    answer, text = gateway.ask("/metrics?name=x")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "ootd_vision_waiting_photos" in text
    for path in ("/", "/metric", "/metrics/", "/healthz/x"):
        answer, text = gateway.ask(path)
        assert answer.status == 404, path
        assert "/healthz" in text


def test_created_series_are_left_out(gateway: Gateway) -> None:
    gateway.metrics.process.tail_failures.inc()
    _, text = gateway.ask("/metrics")
    assert "ootd_tail_failures_total 1.0" in text
    assert "_created" not in text


def test_alive_while_the_event_loop_turns(gateway: Gateway) -> None:
    answer, text = gateway.ask("/healthz?verbose")
    assert (answer.status, text) == (200, "alive\n")
    gateway.still_s = 61
    answer, text = gateway.ask("/healthz")
    assert answer.status == 503
    assert "61 s" in text


def test_ready_says_what_is_missing(gateway: Gateway) -> None:
    assert gateway.ask("/readyz")[0].status == 200
    gateway.missing = {"vision": "it is away", "store": "the disk is full"}
    answer, text = gateway.ask("/readyz")
    assert answer.status == 503
    assert text == "not ready\nvision: it is away\nstore: the disk is full\n"


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/nothing"])
def test_head_is_as_get_without_a_body(gateway: Gateway, path: str) -> None:
    answer, text = gateway.ask(path, "HEAD")
    assert text == ""
    assert answer.status == gateway.ask(path)[0].status
    assert int(answer.headers["Content-Length"]) > 0


def test_other_methods_are_refused(gateway: Gateway) -> None:
    assert gateway.ask("/metrics", "POST")[0].status == 501


def test_a_remark_stands_below_ready() -> None:
    probes = Probes(since_turn=lambda: 0.0, missing=dict, remark=lambda: "store: disk full")
    made = Gateway()
    server = MetricsServer("127.0.0.1:0", made.metrics.registry, probes)
    made.address = server.address
    answer, text = made.ask("/readyz")
    server.close()
    assert (answer.status, text) == (200, "ready\nstore: disk full\n")
