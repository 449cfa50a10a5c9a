"""Measure how long one analysed photo takes at concurrency 1, and where the time goes.

    python perf/latency.py PHOTO... [--server HOST:PORT] [--triton-metrics HOST:PORT] [--repeat 50]
        [--output FILE]

Prints the distribution of the calls' times as the client sees them, and, where the address of
Triton's metrics is given (the gateway logs it at start), the mean time that each member of the
graph took within these calls: queueing and computing.
"""

import argparse
import json
import statistics
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from ootd import Client, OotdError

COUNTERS = {
    "nv_inference_exec_count": "executions",
    "nv_inference_queue_duration_us": "queue_us",
    "nv_inference_compute_input_duration_us": "input_us",
    "nv_inference_compute_infer_duration_us": "compute_us",
    "nv_inference_compute_output_duration_us": "output_us",
}


def member_counters(address: str) -> dict[str, dict[str, float]]:
    """Return Triton's cumulative counters by member of the graph."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    counters: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            # The parser gives counters the suffix of OpenMetrics.
            name = COUNTERS.get(sample.name.removesuffix("_total"))
            if name:
                member = counters.setdefault(sample.labels["model"], {})
                member[name] = member.get(name, 0.0) + sample.value
    return counters


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share (0 to 1) of the sorted values lies."""
    return values[min(len(values) - 1, int(share * len(values)))]


def time_calls(client: Client, photos: list[bytes], repeat: int) -> tuple[list[float], list[int]]:
    """Analyse photo after photo; return the sorted milliseconds, and the garments of each call."""
    durations: list[float] = []
    garments: list[int] = []
    for index in range(repeat):
        start = time.perf_counter()
        analysis = client.analyze_image(photos[index % len(photos)])
        durations.append((time.perf_counter() - start) * 1000)
        garments.append(len(analysis.garments) + len(analysis.dropped))
    return sorted(durations), garments


def member_means(
    before: dict[str, dict[str, float]], after: dict[str, dict[str, float]], calls: int
) -> dict[str, dict[str, float]]:
    """Return the mean milliseconds of each member within one call: queueing, computing, copying."""
    means = {}
    for name, values in after.items():
        spent = {key: value - before.get(name, {}).get(key, 0.0) for key, value in values.items()}
        mean = {key: value / 1000 / calls for key, value in spent.items()}
        means[name] = {
            "queue_ms": mean["queue_us"],
            "compute_ms": mean["compute_us"],
            "copies_ms": mean["input_us"] + mean["output_us"],
        }
    return means


def main() -> None:
    """Warm up, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--server", default="localhost:8500", help="the gateway (%(default)s)")
    parser.add_argument("--triton-metrics", help="host:port of Triton's metrics")
    parser.add_argument("--repeat", type=int, default=50, help="how many calls (%(default)s)")
    parser.add_argument("--output", type=Path, help="also write the figures here, as JSON")
    parser.add_argument("--warm-up", type=int, default=10, help="calls before them (%(default)s)")
    arguments = parser.parse_args()
    photos = [path.read_bytes() for path in arguments.photos]
    with Client(arguments.server, timeout_s=30.0) as client:
        time_calls(client, photos, arguments.warm_up)
        before = member_counters(arguments.triton_metrics) if arguments.triton_metrics else {}
        durations, garments = time_calls(client, photos, arguments.repeat)
        after = member_counters(arguments.triton_metrics) if arguments.triton_metrics else {}
    figures: dict[str, Any] = {
        "calls": len(durations),
        "garments_mean": statistics.mean(garments),
        "p50_ms": statistics.median(durations),
        "p90_ms": percentile(durations, 0.9),
        "p99_ms": percentile(durations, 0.99),
        "min_ms": durations[0],
        "members": member_means(before, after, len(durations)),
    }
    print(
        "{calls} calls, {garments_mean:.1f} garments each on average: p50 {p50_ms:.0f} ms, "
        "p90 {p90_ms:.0f} ms, p99 {p99_ms:.0f} ms, min {min_ms:.0f} ms".format(**figures)
    )
    if figures["members"]:
        print("\n| member | queue ms | compute ms | copies ms |\n|---|---:|---:|---:|")
    for name, mean in figures["members"].items():
        print("| {} | {:.1f} | {:.1f} | {:.1f} |".format(name, *mean.values()))
    if arguments.output:
        arguments.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except (OotdError, OSError) as error:
        sys.exit(f"The measurement stopped: {error}")
