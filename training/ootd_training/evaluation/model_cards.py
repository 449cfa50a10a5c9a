"""Model cards quote reports: their section `Measured` is the report's section `In short`.

``python -m ootd_training.evaluation.model_cards`` puts it into `model_repository/MODEL/README.md`.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ootd_training.models.names import MODEL_NAMES
from ootd_training.taxonomy import REPOSITORY

REPORTS = Path(__file__).resolve().parents[2] / "reports"
QUOTED, QUOTING = "In short", "Measured"


class CardError(ValueError):
    """A card or a report has not the section that one quotes from the other."""


def _find(page: str, title: str) -> re.Match[str]:
    pattern = rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)"
    found = re.search(pattern, page, re.MULTILINE | re.DOTALL)
    if found is None:
        raise CardError(f"there is no section '## {title}'")
    return found


def section(page: str, title: str) -> str:
    """The text of a Markdown page below a heading of the second level, up to the next one.

    CardError if the page has no such heading.
    """
    return _find(page, title).group(1).strip()


def quote(card: str, report: str, link: str) -> str:
    """The card with the report's short figures in its section `Measured`, and a link to the rest.

    CardError if either page lacks its section.
    """
    old = _find(card, QUOTING)
    text = f"\n{section(report, QUOTED)}\n\nMore, with pictures: [the report]({link}).\n\n"
    return (card[: old.start(1)] + text + card[old.end(1) :]).rstrip() + "\n"


def main() -> None:
    """Bring the model cards up to date with the reports; cards without the section are named."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder of the reports")
    parser.add_argument("--models", type=Path, default=REPOSITORY, help="the model repository")
    options = parser.parse_args()
    for model in MODEL_NAMES:
        path = options.models / model / "README.md"
        report = options.reports / f"{model}.md"
        if not path.exists() or not report.exists():
            print(f"{model}: no card or no report, left alone")
            continue
        try:
            card = quote(path.read_text(), report.read_text(), f"../../training/reports/{model}.md")
        except CardError as error:
            print(f"{model}: {error}, left alone")
            continue
        path.write_text(card)
        print(f"{path}: quotes {report}")


if __name__ == "__main__":
    main()
