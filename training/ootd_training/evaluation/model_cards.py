"""Model cards quote reports: their section `Measured` is the report's section `In short`.

``python -m ootd_training.evaluation.model_cards`` puts it into `model_repository/MODEL/README.md`.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ootd_training.commands.one_model import MODELS
from ootd_training.taxonomy import REPOSITORY

REPORTS = Path(__file__).resolve().parents[2] / "reports"
QUOTED, QUOTING = "In short", "Measured"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MEASURED = re.compile(rf"({_NUMBER.pattern})\s(%|ms|MB)(?!\w)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MILLIONS = re.compile(r"(\d+\.\d) million")
_NO_CLAIM = re.compile(
    r"^\| (?:in|out) \|.*$"  # tensors, which other tests compare with the configurations
    r"|`[^`]*`"
    r"|\bApache(?: License |-)2\.0\b|\bCC0 1\.0\b"
    r"|\b(?:19|20)\d\d\b",  # years of papers
    re.MULTILINE,
)


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


def numbers(text: str) -> set[str]:
    """The numbers as they are written, of a text without digests and the targets of its links."""
    return set(_NUMBER.findall(re.sub(r"\]\([^)]*\)|\b[0-9a-f]{64}\b", "]", text)))


def unfounded(card: str, report: str) -> list[str]:
    """Numbers of a card's section `Measured` that its report does not have.

    CardError if the card has no such section.
    """
    return sorted(numbers(section(card, QUOTING)) - numbers(report))


def unsupported(card: str, report: str, sources: str) -> list[str]:
    """Figures outside a card's section `Measured` that nothing supports.

    Those with a unit of measurement (percent, ms, MB) have to stand in the report with it; other
    numbers in the report or in the sources, which are settings and code of the model. Rounded
    millions are of a number of the report. That a number stands there does not mean that it means
    the same, so this finds what is left over from other models rather than all that is wrong.
    CardError if the card has no section `Measured`.
    """
    measured = _find(card, QUOTING)
    prose = re.sub(r"\]\([^)]*\)", "]", card[: measured.start()] + card[measured.end() :])
    prose, report = (_THOUSANDS.sub("", text) for text in (_NO_CLAIM.sub("", prose), report))
    known = numbers(report) | numbers(sources)
    rounded = {f"{int(number) / 1e6:.1f} million" for number in known if number.isdecimal()}
    with_unit = {m.groups() for m in _MEASURED.finditer(report)}
    found = [" ".join(m.groups()) for m in _MEASURED.finditer(prose) if m.groups() not in with_unit]
    found += [m.group() for m in _MILLIONS.finditer(prose) if m.group() not in rounded]
    rest = _MILLIONS.sub("", _MEASURED.sub("", prose))
    return sorted({*found, *(numbers(rest) - known)})


def quote(card: str, report: str, link: str) -> str:
    """The card with the report's short figures in its section `Measured`, and a link to the rest.

    CardError if either page lacks its section.
    """
    old = _find(card, QUOTING)
    text = f"\n{section(report, QUOTED)}\n\nMore, with pictures: [the report]({link}).\n\n"
    return (card[: old.start(1)] + text + card[old.end(1) :]).rstrip() + "\n"


def read_reports(model: str, folder: Path = REPORTS) -> str:
    """The report of a model, followed by that of its training run where there is one.

    FileNotFoundError if there is no report of the model.
    """
    run = folder / f"{model}-run.md"
    pages = [folder / f"{model}.md", *([run] if run.exists() else [])]
    return "\n".join(page.read_text() for page in pages)


def read_sources(model: str) -> str:
    """Settings and code of a model: its training folder, the rules of its labels, and its
    configuration for Triton."""
    package = Path(__file__).resolve().parents[1]
    files = [REPOSITORY / model / "config.pbtxt", package / "data" / "garments.py"]
    files += sorted((package / "models" / model).glob("*.py"))
    return "\n".join(file.read_text() for file in files)


def main() -> None:
    """Bring the model cards up to date with the reports; cards without the section are named."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder of the reports")
    parser.add_argument("--models", type=Path, default=REPOSITORY, help="the model repository")
    options = parser.parse_args()
    for model in MODELS:
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
