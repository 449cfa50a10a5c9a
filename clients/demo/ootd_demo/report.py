"""What the demo prints: steps, progress, the table of what was found."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ootd import Garment, ImageSearch

Advance = Callable[[int, int], None]
"""Tells how much of a step is done, and how much there is."""

_PLAIN_EVERY_SECONDS = 2.0
_PIPE_WIDTH = 120


class Report:
    """Speaks on standard output: live bars in a terminal, a line now and then in a log."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        self.console = (
            console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)
        )

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Advance]:
        """Show a step that may take a while; what it yields is called as the step goes on."""
        begin = time.monotonic()
        if not self.console.is_terminal:
            self.say(f"{title} ...")
            yield self._plain_advance(title)
        else:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[count]}"),
                TimeElapsedColumn(),
            )
            with Progress(*columns, console=self.console, transient=True) as bar:
                task = bar.add_task(title, total=None, count="")
                yield lambda done, total: bar.update(
                    task, completed=done, total=total, count=f"{done} of {total}"
                )
        self.say(f"{title}: done in {time.monotonic() - begin:.1f} s")

    def _plain_advance(self, title: str) -> Advance:
        last = time.monotonic()

        def advance(done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= _PLAIN_EVERY_SECONDS:
                last = time.monotonic()
                self.say(f"  {title}: {done} of {total}")

        return advance

    def table(self, found: list[tuple[Path, ImageSearch]]) -> None:
        """Print each garment of each photo with its best hit."""
        table = Table(show_edge=False, pad_edge=False)
        for name in ("photo", "garment", "kind"):
            table.add_column(name)
        table.add_column("found", justify="right")
        table.add_column("best hit")
        table.add_column("likeness", justify="right")
        for photo, search in found:
            name = photo.name
            for result in search.results:
                best = result.hits[0] if result.hits else None
                table.add_row(
                    Text(name),
                    _name(result.garment),
                    result.garment.super_category,
                    f"{result.garment.score:.2f}" if result.garment.score else "",
                    Text(
                        f"{best.item.title or best.item.item_id}" if best else "none of this kind"
                    ),
                    f"{best.score:.3f}" if best else "",
                )
                name = ""
            table.add_section()
        self.console.print("", table, "")


def _name(garment: Garment) -> str:
    color = garment.attribute("color")
    name = garment.sub_category or garment.super_category
    return f"{color} {name}" if color else name
