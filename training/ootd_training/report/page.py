"""A report: a Markdown page with its pictures beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

WIDTH = 98


class Page:
    """A Markdown page that is written part by part; its pictures become PNG files beside it.

    `name` is the page's file name without its ending; pictures are called `NAME-PICTURE.png`.
    """

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self._parts = [f"# {title}"]
        self._pictures: dict[str, Figure] = {}

    def section(self, title: str) -> None:
        """Begin a section."""
        self._parts.append(f"## {title}")

    def text(self, *paragraphs: str) -> None:
        """Add paragraphs."""
        self._parts.extend(paragraphs)

    def wrapped(self, *paragraphs: str) -> None:
        """Add paragraphs, their lines broken where they are too long to read in a source."""
        self.text(*(wrapped(paragraph) for paragraph in paragraphs))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; its first column is text, the others are figures.

        ValueError if a row has not as many cells as the head.
        """
        for row in rows:
            if len(row) != len(head):
                raise ValueError(f"{len(row)} cells under {len(head)} headings: {row}")
        lines = [_line(head), "|---|" + "---:|" * (len(head) - 1), *map(_line, rows)]
        self._parts.append("\n".join(lines))

    def picture(self, name: str, caption: str, figure: Figure) -> None:
        """Add a picture."""
        file = f"{self.name}-{name}.png"
        self._parts.append(f"![{caption}]({file})")
        self._pictures[file] = figure

    def opening(self) -> str:
        """The page up to the end of its first section."""
        starts = [i for i, part in enumerate(self._parts) if part.startswith("## ")]
        end = starts[1] if len(starts) > 1 else len(self._parts)
        return "\n\n".join(self._parts[:end]) + "\n"

    def __str__(self) -> str:
        return "\n\n".join(self._parts) + "\n"

    def write(self, folder: Path) -> Path:
        """Write the page and its pictures into the folder, made if need be; returns the page."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, figure in self._pictures.items():
            # No date and no version of the drawing library: the same figures are the same file.
            figure.savefig(folder / file, metadata={"Software": None})
        path = folder / f"{self.name}.md"
        path.write_text(str(self), encoding="utf-8")
        return path


def wrapped(text: str, indent: str = "") -> str:
    """A text with lines of 98 characters at most; all but the first are indented."""
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, subsequent_indent=indent)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def percent(share: float | None) -> str:
    """A share, 0 to 1, as it is written in tables; a dash where there is none."""
    return "–" if share is None or share != share else f"{100 * share:.1f} %"  # noqa: PLR0124


def average(value: float) -> str:
    """An average precision, 0 to 1, as it is written in tables; a dash where there is none."""
    return "–" if value != value else f"{value:.3f}"  # noqa: PLR0124
