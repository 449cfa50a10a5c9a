"""Standard output and standard error: lines of JSON, tables, consoles."""

import json
import os
import sys
from contextlib import suppress
from typing import Any

import typer
from rich.console import Console, RenderableType

from ootd.cli.exit_codes import OUTPUT_LOST, READER_GONE
from ootd.cli.printable import printable, printable_json

_PIPE_WIDTH = 120

_LEAST_WIDTH = 64
"""A terminal that is narrower breaks the lines itself: that is ugly, but shows every column."""


class _ErrorsConsole(Console):
    def on_broken_pipe(self) -> None:
        """End quietly: nobody reads standard error any more."""
        self.quiet = True
        raise SystemExit(READER_GONE)


def errors_console() -> Console:
    """Return the console of standard error, for progress and failures."""
    return _ErrorsConsole(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "red") -> None:
    """Write a sentence to standard error; what others could have put into it is made safe."""
    errors_console().print(printable(text), style=style, markup=False)


def print_table(*parts: RenderableType) -> None:
    """Write tables and lines to standard output; wide where it is a file or a pipe.

    Strings are plain text, without markup. Raises typer.Exit where it cannot be written.
    """
    console = Console(highlight=False)
    console.width = max(console.width, _LEAST_WIDTH) if sys.stdout.isatty() else _PIPE_WIDTH
    with console.capture() as captured:
        for part in parts:
            if isinstance(part, str):
                console.print(part, markup=False, soft_wrap=True)
            else:
                console.print(part)
    _write(captured.get())


def print_json(value: dict[str, Any]) -> None:
    """Write one object on one line, at once; as ASCII where standard output cannot take it.

    Raises typer.Exit where it cannot be written.
    """
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        line.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # A file's name that is no UTF-8, or an ASCII terminal.
        line = json.dumps(value, allow_nan=False)
    _write(printable_json(line) + "\n")


def discard_output() -> None:
    """Let what is still to be written to standard output go nowhere, so that the end is quiet."""
    with suppress(OSError, ValueError):  # Not every replacement of it has a descriptor.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        raise typer.Exit(READER_GONE) from None
    except OSError as error:
        discard_output()
        say(f"Cannot write the output: {reason_of(error)}.")
        raise typer.Exit(OUTPUT_LOST) from None


def reason_of(error: OSError | ValueError) -> str:
    """Return what the system says of a file or stream, without number and path."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]
