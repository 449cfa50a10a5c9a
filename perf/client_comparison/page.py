"""The comparison as a page of Markdown."""

from dataclasses import dataclass

from environments import Results
from points import POINTS

INTRODUCTION = """\
Made by `python perf/client_comparison`, which installs each client into an environment of its own.

A point is made of checks, and each check is a program that was run: against the client's own fake
or memory, against gRPC servers that fail, hang and note what they are sent, by mypy, or by looking
into the installed package. A check holds or it does not; who has most of them is ahead. What was
seen of each is in `client_comparison.json`. tritonclient is a client of models, not of a catalogue:
a dash stands where it has nothing of a point.
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found: versions and results by client, the own one first."""

    date: str
    python: str
    versions: dict[str, str]
    results: dict[str, Results]

    def score(self, client: str, point: str) -> int:
        """Return how many checks of a point hold for a client."""
        checks = POINTS[point].checks
        return sum(bool(self.results[client][f"{point}.{one}"]["holds"]) for one in checks)

    def best(self, point: str) -> list[str]:
        """Return the clients for which most checks hold."""
        scores = {client: self.score(client, point) for client in self.versions}
        return [client for client, score in scores.items() if score == max(scores.values())]


def write_page(comparison: Comparison) -> str:
    """Return the page: how it stands, the table of points, and every check."""
    own = next(iter(comparison.versions))
    ahead = [point for point in POINTS if comparison.best(point) == [own]]
    level = [p for p in POINTS if own in comparison.best(p) and p not in ahead]
    behind = [point for point in POINTS if point not in ahead and point not in level]
    names = ", ".join(f"{name} {version}" for name, version in comparison.versions.items())
    lines = [
        "# The client beside qdrant-client and tritonclient",
        "",
        f"{names}; Python {comparison.python}, {comparison.date}.",
        INTRODUCTION,
        f"{own} is ahead in {len(ahead)} of {len(POINTS)} points, level with the best in "
        f"{len(level)}, behind in {len(behind)}"
        + (f" ({', '.join(POINTS[point].title for point in behind)})." if behind else "."),
        "",
        "| point | " + " | ".join(comparison.versions) + " | ahead |",
        "|---|" + "---:|" * len(comparison.versions) + "---|",
    ]
    for point, about in POINTS.items():
        best = comparison.best(point)
        cells = [f"{comparison.score(client, point) or '–'}" for client in comparison.versions]
        told = [f"**{name}**" if name == own else name for name in best]
        title = f"{about.title} (of {len(about.checks)})"
        lines.append(f"| {title} | {' | '.join(cells)} | {', '.join(told)} |")
    lines += ["", "## Every check", ""]
    for point, about in POINTS.items():
        lines += _checks(comparison, point, about.title, about.checks)
    return "\n".join(lines) + "\n"


def _checks(comparison: Comparison, point: str, title: str, checks: dict[str, str]) -> list[str]:
    lines = [
        f"| {title} | " + " | ".join(comparison.versions) + " |",
        "|---|" + ":-:|" * len(comparison.versions),
    ]
    for name, sentence in checks.items():
        found = [results[f"{point}.{name}"] for results in comparison.results.values()]
        marks = ["yes" if one["holds"] else "no" for one in found]
        if point == "install":
            marks = [f"{mark}: {one['seen']}" for mark, one in zip(marks, found, strict=True)]
        lines.append(f"| {sentence} | {' | '.join(marks)} |")
    return [*lines, ""]
