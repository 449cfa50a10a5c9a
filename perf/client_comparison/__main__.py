"""Compare the client with qdrant-client and tritonclient, check by check.

    python perf/client_comparison [--client FOLDER-OR-WHEEL] [--folder FOLDER]

Run it with the environment of `make setup`. Installs each client into an environment of its own
(some 300 MB, from the package index), runs every check, writes client_comparison.json and
client_comparison.md beside this folder, and prints the page. Takes some four minutes. Only servers
of its own on loopback are called. Needs OpenSSL's command.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from certificates import FOLDER_VARIABLE, make_certificates
from clients import CLIENTS, OOTD
from environments import Environment, Results, make_mypy
from page import Comparison, write_page
from points import POINTS

ROOT = Path(__file__).resolve().parents[2]
RESULT = Path(__file__).resolve().parent.with_suffix(".json")
_START_SECONDS = 60.0
_AS_FAST = 1.1


@contextmanager
def gateway_without_triton(folder: Path) -> Iterator[str]:
    """Run the gateway of this environment; nothing that it is asked here needs a Triton."""
    ready = folder / "ready.json"
    settings = {
        "OOTD_LISTEN_ADDRESS": "127.0.0.1:0",
        "OOTD_METRICS_ADDRESS": "127.0.0.1:0",
        "OOTD_DATA_FOLDER": str(folder / "data"),
        "OOTD_TRITON_MODE": "external",
        "OOTD_TRITON_ADDRESS": "127.0.0.1:1",
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OOTD_")}
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "ootd_gateway", "--ready-file", str(ready)],
            env={**kept, **settings},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "gateway.log").read_text("utf-8")[-2000:])
            time.sleep(0.05)
        yield str(json.loads(ready.read_text("utf-8"))["address"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def install_points(environments: list[Environment]) -> dict[str, Results]:
    """Return who has the fewest packages and the shortest import."""
    packages = {one.client.name: len(one.packages) for one in environments}
    seconds = {one.client.name: one.import_seconds() for one in environments}
    return {
        name: {
            "install.packages": {
                "holds": packages[name] == min(packages.values()),
                "seen": f"{packages[name]} packages",
            },
            "install.import": {
                "holds": seconds[name] <= min(seconds.values()) * _AS_FAST,
                "seen": f"{seconds[name]:.2f} s",
            },
        }
        for name in packages
    }


def compare(folder: Path, client: str) -> Comparison:
    """Set up, run every check, and return what was found."""
    environments = []
    for compared in CLIENTS:
        tell(f"installing {compared.name}")
        requirement = client if compared is OOTD else compared.requirement
        environments.append(Environment(folder, compared, requirement))
    results = install_points(environments)
    mypy = make_mypy(folder)
    make_certificates(folder / "certificates")
    run = Path(tempfile.mkdtemp(dir=folder))
    with gateway_without_triton(run) as address:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("OOTD_")},
            FOLDER_VARIABLE: str(folder / "certificates"),
            "COMPARISON_GATEWAY": address,
            "GRPC_VERBOSITY": "NONE",
        }
        environment.pop("PYTHONPATH", None)
        for one in environments:
            tell(f"checking {one.client.name}")
            results[one.client.name] |= one.versions()
            results[one.client.name] |= one.probe(environment)
            one.install("numpy")  # for mypy alone; it is counted and timed before
            results[one.client.name] |= one.types(mypy)
    return Comparison(
        date=datetime.now(UTC).date().isoformat(),
        python=platform.python_version(),
        versions={one.client.name: one.version() for one in environments},
        results={name: complete(name, found) for name, found in results.items()},
    )


def complete(client: str, found: Results) -> Results:
    """Return the results in the points' order; what a client's checks leave out it does not have.

    Raises ValueError for a check that no point knows.
    """
    known = [f"{point}.{one}" for point, about in POINTS.items() for one in about.checks]
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise ValueError(f"checks of {client} that no point knows: {', '.join(unknown)}")
    none: dict[str, object] = {"holds": False, "seen": "no such thing"}
    return {name: found.get(name, none) for name in known}


def tell(text: str) -> None:
    """Say on standard error how far it is."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Compare, write both files, print the page."""
    parser = argparse.ArgumentParser(
        prog="python perf/client_comparison",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--client", default=str(ROOT / "clients" / "python"), help="the client (this checkout's)"
    )
    parser.add_argument("--folder", type=Path, help="for the environments (a temporary one)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="client-comparison-") as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        comparison = compare(folder, arguments.client)
    document = {
        "date": comparison.date,
        "python": comparison.python,
        "versions": comparison.versions,
        "checks": comparison.results,
    }
    RESULT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = write_page(comparison)
    RESULT.with_suffix(".md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
