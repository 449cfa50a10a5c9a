"""`python -m ootd_demo`: shows once, from a photo to its hits, that everything works."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from ootd_demo.demo import DemoError, DemoOptions, run_demo
from ootd_demo.report import Report

_INTERRUPTED = 130


def main(arguments: list[str] | None = None, command: Sequence[str] | None = None) -> int:
    """Run the demo; 1 where something went wrong, 130 after Ctrl-C or SIGTERM.

    `command` starts another gateway than the one that is installed here.
    """
    options = _parse(arguments)
    report = Report()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        pictures = run_demo(options, report, command)
    except DemoError as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("demo: stopped\n")
        return _INTERRUPTED
    report.say("")
    report.say(f"{len(pictures)} pictures, one for each photo, are in {options.output.resolve()}:")
    for path in pictures:
        report.say(f"  {path}")
    report.say("Next: `make up` in one terminal, `ootd --help` in another.")
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse(arguments: list[str] | None) -> DemoOptions:
    parser = argparse.ArgumentParser(prog="python -m ootd_demo", description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of outfit photos (default: drawn ones)")
    parser.add_argument(
        "--catalog", type=Path, help="folder or CSV as for `ootd ingest` (default: a drawn one)"
    )
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="for the pictures")
    parser.add_argument("-k", type=_at_least_one, default=5, help="hits for each garment")
    parser.add_argument("--most", type=_at_least_one, default=24, help="search with so many photos")
    parsed = parser.parse_args(arguments)
    return DemoOptions(parsed.photos, parsed.catalog, parsed.output, parsed.k, parsed.most)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, is {number}")
    return number


if __name__ == "__main__":
    sys.exit(main())
