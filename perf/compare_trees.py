"""Compare speed of the gateways of two checkouts, on this machine, in one run.

    python perf/compare_trees.py BEFORE AFTER [--rounds 2] [--seconds 8] [--result FILE]

Each checkout has been set up (`make setup`). Each round starts both gateways, each with its
embedded Triton and an empty catalogue, and loads one of the two at a time, over the contract's
stubs alone: a second each in the order A B B A, over and over, and the next round in the order
B A A B, so that what else the machine does falls on both. (An idle gateway takes next to nothing:
the threads of its models sleep.) For a verdict of a few percent the machine does nothing else.
Prints a table of medians and of the ratio after / before, with the smallest and the largest ratio
of a round; --result keeps every figure. A round takes some 10 times --seconds, and
ends by itself.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway_load import Calls, GatewayLoad
from ootd.testing import GatewayProcess, GatewayProcessError
from ootd_samples import write_samples

CONCURRENCY = 8
STREAMS = 16
TURN_SECONDS = 1.0
START_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure: its title, and whether more of it is better."""

    title: str
    more_is_better: bool


FIGURES = {
    "analyze_per_second": Figure(f"AnalyzeImage per second, concurrency {CONCURRENCY}", True),
    "analyze_p50_ms": Figure("AnalyzeImage p50, concurrency 1, ms", False),
    "analyze_p99_ms": Figure("AnalyzeImage p99, concurrency 1, ms", False),
    "upserts_per_second": Figure("UpsertItems with embeddings per second, one stream", True),
    "beside_ingest_p50_ms": Figure(f"AnalyzeImage p50 beside {STREAMS} ingest streams, ms", False),
    "beside_ingest_p99_ms": Figure(f"AnalyzeImage p99 beside {STREAMS} ingest streams, ms", False),
    "beside_ingest_p99_to_quiet": Figure("that p99 over the quiet p99", False),
    "ingested_per_second": Figure("photos ingested per second meanwhile", True),
}


Figures = dict[str, Any]
Round = dict[str, Figures]
"""The figures of one round, by checkout."""


@dataclass
class Measured:
    """What the loads of one gateway in one round came to."""

    single: Calls = field(default_factory=Calls)
    many: Calls = field(default_factory=Calls)
    upserts: Calls = field(default_factory=Calls)
    beside: Calls = field(default_factory=Calls)
    ingested: Calls = field(default_factory=Calls)

    def figures(self) -> Figures:
        """Return the figures, how many calls they stand on, and what failed."""
        quiet_p99 = self.single.percentile_ms(0.99)
        beside_p99 = self.beside.percentile_ms(0.99)
        return {
            "analyze_per_second": self.many.per_second,
            "analyze_p50_ms": self.single.percentile_ms(0.5),
            "analyze_p99_ms": quiet_p99,
            "upserts_per_second": self.upserts.per_second,
            "beside_ingest_p50_ms": self.beside.percentile_ms(0.5),
            "beside_ingest_p99_ms": beside_p99,
            "beside_ingest_p99_to_quiet": beside_p99 / quiet_p99,
            "ingested_per_second": self.ingested.per_second,
            "calls": {name: len(one.durations_ms) for name, one in vars(self).items()},
            "failures": {name: one.failures for name, one in vars(self).items() if one.failures},
        }


class TreeError(Exception):
    """A checkout that cannot be measured, and why."""


@contextmanager
def running_gateway(tree: Path) -> Iterator[str]:
    """Run the checkout's gateway on free ports with a fresh catalogue; yield its address."""
    python = tree / ".venv" / "bin" / "python"
    if not python.is_file():
        raise TreeError(f"{tree} is not set up; run there: make setup")
    # Only the checkout itself counts: no settings, no PYTHONPATH, no working folder (-P).
    environment = {
        key: value
        for key, value in os.environ.items()
        if key != "PYTHONPATH" and not key.startswith("OOTD_")
    }
    with (
        tempfile.TemporaryDirectory(prefix="ootd-compare-") as folder,
        GatewayProcess(
            folder,
            command=[str(python), "-P", "-m", "ootd_gateway"],
            environment=environment,
            start_timeout_s=START_SECONDS,
            model_repository=tree / "model_repository",
        ) as gateway,
    ):
        yield gateway.target


def load_of(tree: Path, address: str, photos: list[bytes]) -> GatewayLoad:
    """Return the load of the checkout's gateway, in the form of requests that it knows."""
    contract = tree / "protos" / "ootd" / "v1" / "vision_service.proto"
    is_before = " Photo photo " not in contract.read_text(encoding="utf-8")
    return GatewayLoad(address, photos, is_before_photo_message=is_before)


async def measure(loads: dict[str, GatewayLoad], seconds: float) -> Round:
    """Load the gateways in turn, in the order of `loads` and back; return their figures."""
    there_and_back = [*loads, *reversed(loads)]
    turns = there_and_back * max(1, round(seconds / 2 / TURN_SECONDS))
    for load in loads.values():
        await load.analyze(min(2.0, seconds / 2), CONCURRENCY)  # warm-up
    measured = {name: Measured() for name in loads}
    for name in turns:
        measured[name].single.add(await loads[name].analyze(TURN_SECONDS, concurrency=1))
    for name in turns:
        measured[name].many.add(await loads[name].analyze(TURN_SECONDS, CONCURRENCY))
    for name in turns:
        measured[name].upserts.add(await loads[name].upsert_embeddings(TURN_SECONDS / 2))
    for name in there_and_back:  # long turns: the queues fill first
        beside, ingested = await loads[name].analyze_beside_ingest(seconds, STREAMS)
        measured[name].beside.add(beside)
        measured[name].ingested.add(ingested)
    return {name: one.figures() for name, one in measured.items()}


def sample_photos(folder: Path | None, number: int) -> list[bytes]:
    """Read photos of the folder, or draw some where there is none."""
    if folder is not None:
        paths = sorted(
            path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")
        )
        if not paths:
            raise TreeError(f"there is no JPEG below {folder}")
        return [path.read_bytes() for path in paths[:number]]
    with tempfile.TemporaryDirectory() as drawn:
        index = write_samples(Path(drawn, "samples"), outfits=number, catalog=0)
        return [path.read_bytes() for path in index.outfits]


def summarize(before: list[Figures], after: list[Figures]) -> dict[str, dict[str, float]]:
    """Return for each figure the medians and the ratio after / before over the rounds."""
    summary = {}
    for name in FIGURES:
        pairs = [(float(a[name]), float(b[name])) for a, b in zip(before, after, strict=True)]
        ratios = [new / old for old, new in pairs if old]
        summary[name] = {
            "before": statistics.median(old for old, _ in pairs),
            "after": statistics.median(new for _, new in pairs),
            "ratio": statistics.median(ratios) if ratios else float("nan"),
            "smallest_ratio": min(ratios, default=float("nan")),
            "largest_ratio": max(ratios, default=float("nan")),
        }
    return summary


def print_table(summary: dict[str, dict[str, float]], rounds: int) -> None:
    """Print the summary as a table of Markdown."""
    print(f"\n| figure, median of {rounds} rounds | before | after | after / before | better is |")
    print("|---|---:|---:|---:|---|")
    for name, figure in FIGURES.items():
        row = summary[name]
        spread = f"{row['smallest_ratio']:.2f} to {row['largest_ratio']:.2f}"
        better = "more" if figure.more_is_better else "less"
        print(
            f"| {figure.title} | {row['before']:.1f} | {row['after']:.1f} "
            f"| {row['ratio']:.3f} ({spread}) | {better} |"
        )


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="checkout that was set up")
    parser.add_argument("after", type=Path, help="checkout that was set up")
    parser.add_argument("--rounds", type=int, default=2, help="starts of both (%(default)s)")
    parser.add_argument("--seconds", type=float, default=8.0, help="unit of load (%(default)s)")
    parser.add_argument("--photos", type=Path, help="folder of JPEGs (default: drawn ones)")
    parser.add_argument("--most", type=int, default=24, help="photos taken of it (%(default)s)")
    parser.add_argument("--result", type=Path, help="file for all figures, as JSON")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure, print, and write the result."""
    arguments = parse()
    photos = sample_photos(arguments.photos, arguments.most)
    trees = {"before": arguments.before.resolve(), "after": arguments.after.resolve()}
    measured: dict[str, list[Figures]] = {"before": [], "after": []}
    for number in range(arguments.rounds):
        first, second = ("before", "after") if number % 2 == 0 else ("after", "before")
        with running_gateway(trees[first]) as one, running_gateway(trees[second]) as two:
            loads = {
                first: load_of(trees[first], one, photos),
                second: load_of(trees[second], two, photos),
            }
            figures = asyncio.run(measure(loads, arguments.seconds))
        for name, rounds in measured.items():
            rounds.append(figures[name])
            print(f"round {number + 1}, {name}: {json.dumps(figures[name])}", flush=True)
    summary = summarize(measured["before"], measured["after"])
    if arguments.result:
        document = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": arguments.seconds,
            "photos": len(photos),
            "cores": os.cpu_count(),
            "summary": summary,
            "rounds": measured,
        }
        arguments.result.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print_table(summary, arguments.rounds)


if __name__ == "__main__":
    try:
        main()
    except (TreeError, GatewayProcessError, OSError) as error:
        sys.exit(f"The comparison stopped: {error}")
