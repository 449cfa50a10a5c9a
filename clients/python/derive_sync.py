"""Derives the blocking client from the asynchronous one, so that the two cannot drift apart.

    python clients/python/derive_sync.py            write what is derived
    python clients/python/derive_sync.py --check    fail where it is not up to date

ootd/_sync comes from ootd/_async, and each sync_client.py from the async_client.py beside it.

Works on words, not on syntax: the asynchronous source keeps to what has a blocking word for word,
and what has not lives in the `runtime` module of either.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).parent / "ootd"
BY_HAND = frozenset({"__init__.py", "runtime.py"})
"""Files that each of the two has of its own."""

REPLACEMENTS: tuple[tuple[str, str], ...] = (
    (r"async (def|for|with) ", r"\1 "),
    (r"await ", ""),
    (r"Async(Calls|\w*Client)", r"\1"),
    (r"AsyncIterator", "Iterator"),
    (r"AsyncGenerator\[(.+), None\]", r"Generator[\1, None, None]"),
    (r"AsyncGenerator", "Generator"),
    (r"Awaitable, ", ""),
    (r"Awaitable\[(\w+)\]", r"\1"),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"aclosing", "closing"),
    (r"_async", "_sync"),
    (r"async_client", "sync_client"),
    (r"(import grpc\n)?import grpc\.aio\n", "import grpc\n"),
    (r"grpc\.aio\.", "grpc."),
)
"""Patterns and what takes their place, in this order."""

DOCSTRINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "async_client.py": (
        (
            "AsyncClient: a gateway and its services. Client is derived from it by derive_sync.py.",
            "Client: a gateway and its services. Derived by derive_sync.py from its twin.",
        ),
        (
            "A gateway, for use within asyncio. Safe for any number of concurrent calls.",
            "A gateway. Safe for any number of threads. Iterables are read in another thread.",
        ),
    ),
    "_async/calls.py": (
        (
            "The counterpart in _sync is derived from this file by derive_sync.py.",
            "Derived by derive_sync.py from its asynchronous twin: edit that.",
        ),
    ),
}
"""Sentences that are true of one of the two only; each must occur."""


def source_names() -> list[str]:
    """Return the modules that others are derived from, as paths below the package."""
    shared = [path for path in (PACKAGE / "_async").glob("*.py") if path.name not in BY_HAND]
    clients = PACKAGE.rglob("async_client.py")
    return sorted(path.relative_to(PACKAGE).as_posix() for path in (*shared, *clients))


def derived_name(name: str) -> str:
    """Return the module that is derived from one, as a path below the package."""
    return name.replace("_async/", "_sync/").replace("async_client.py", "sync_client.py")


def derive(name: str, source: str) -> str:
    """Return the blocking source of a module; ValueError where a known sentence is missing."""
    for sentence, blocking in DOCSTRINGS.get(name, ()):
        if sentence not in source:
            raise ValueError(f"{name} lacks {sentence!r}: update DOCSTRINGS in {__file__}")
        source = source.replace(sentence, blocking)
    for pattern, replacement in REPLACEMENTS:
        source = re.sub(rf"\b{pattern}", replacement, source)
    return _tidy(source, derived_name(name))


def _tidy(text: str, name: str) -> str:
    sort = [sys.executable, "-m", "ruff", "check", "--quiet", "--select", "I", "--fix"]
    layout = [sys.executable, "-m", "ruff", "format", "--quiet"]
    for command in (sort, layout):
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            [*command, "--stdin-filename", str(PACKAGE / name), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        text = done.stdout
    return text


def main() -> int:
    """Write the derived files, or check them; return the exit code."""
    parser = argparse.ArgumentParser(description="Derive the blocking client.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check
    stale: list[str] = []
    for name in source_names():
        derived = derive(name, (PACKAGE / name).read_text(encoding="utf-8"))
        path = PACKAGE / derived_name(name)
        if path.exists() and path.read_text(encoding="utf-8") == derived:
            continue
        stale.append(name)
        if not check:
            path.write_text(derived, encoding="utf-8")
    if check and stale:
        sys.stderr.write(f"not up to date: {', '.join(stale)}; run python {__file__}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
