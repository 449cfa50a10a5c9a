"""The table of metrics in the gateway's README holds all of them, and no others."""

import re
from pathlib import Path

from prometheus_client.metrics_core import Metric

from ootd_gateway.telemetry.metrics.registry import Metrics

README = Path(__file__).parents[4] / "gateway" / "README.md"


def names() -> set[str]:
    metrics = Metrics()
    metrics.index.watch(dict)

    def full(family: Metric) -> str:
        return family.name + ("_total" if family.type == "counter" else "")

    families = {full(family) for family in metrics.registry.collect()}
    return {one for one in families if one.startswith(("ootd_", "grpc_server_"))}


def test_each_metric_is_in_the_table_and_each_row_is_a_metric() -> None:
    rows = re.findall(r"^\| `((?:ootd|grpc_server)_\w+)", README.read_text(), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == names()


def test_no_other_metric_is_named() -> None:
    named = set(re.findall(r"`((?:ootd|grpc_server)_\w+)(?:\{|`)", README.read_text()))
    assert named - {"ootd_gateway", "ootd_index"} <= names()
