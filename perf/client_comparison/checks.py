"""Runs the checks of one client, each by itself, and tells what was seen; runs in its environment.

A check is a function that returns what it saw, or raises: `Missing` where the client has no such
thing, AssertionError or anything else where it has, and it does not do.
"""

import contextlib
import io
import json
import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

_FOLDERS = re.compile(r"(?:/[\w.@+-]+)+/")
CHECK_SECONDS = 45.0
_CHECKS: dict[str, Callable[[], str]] = {}


class Missing(Exception):  # noqa: N818 - it is no error that a client lacks a thing
    """The client has no such thing."""


def check(name: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register the function as the check `point.check`."""

    def register(function: Callable[[], str]) -> Callable[[], str]:
        _CHECKS[name] = function
        return function

    return register


def expect(condition: object, seen: str) -> str:
    """Return `seen` where the condition holds; raise AssertionError with it where it does not."""
    if not condition:
        raise AssertionError(seen)
    return seen


def failure_of(call: Callable[[], object]) -> Any:
    """Return the error that the call raises, of the client's own class; AssertionError where it
    raises nothing."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - any error is an answer here
        return error
    raise AssertionError("nothing was raised")


def _run(function: Callable[[], str], *, in_main_thread: bool) -> dict[str, object]:
    outcome: dict[str, object] = {}

    def work() -> None:
        try:
            outcome.update(holds=True, seen=str(function()))
        except Missing as error:
            outcome.update(holds=False, seen=str(error) or "no such thing")
        except BaseException as error:  # noqa: BLE001 - a check that fails is a result
            place = traceback.extract_tb(error.__traceback__)[-1]
            seen = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            if isinstance(error, AssertionError):
                seen = str(error) or f"not so (line {place.lineno})"
            outcome.update(holds=False, seen=seen)

    if in_main_thread:
        work()
    else:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(CHECK_SECONDS)
        if thread.is_alive():
            outcome.update(holds=False, seen=f"no end within {CHECK_SECONDS:g} s")
    # Errors may name files of this machine; the result says no more than the file.
    seen = _FOLDERS.sub("", " ".join(str(outcome["seen"]).split()))
    outcome["seen"] = seen[:200]
    return outcome


def main() -> None:
    """Run all checks, or those whose names begin with an argument; print them as JSON."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    chosen = [
        name
        for name in _CHECKS
        if len(sys.argv) == 1 or any(name.startswith(start) for start in sys.argv[1:])
    ]
    noise = io.StringIO()
    with contextlib.redirect_stdout(noise):
        # A program makes its clients in the main thread, where asyncio has a loop for some of them.
        results = {
            name: _run(_CHECKS[name], in_main_thread=name.startswith("outside.")) for name in chosen
        }
    sys.stdout.write(json.dumps(results) + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads of checks that did not end are no reason to stay
