"""Reads a table as spreadsheets write it: its encoding, its delimiter, its rows with their lines.

UTF-8, or UTF-16 with its mark at the start; comma, semicolon or tab, or what a first line such as
"sep=;" names. Quotes are taken at their word: a stray one would swallow the rows below it.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

_DELIMITERS = ",;\t"
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?\s*', re.IGNORECASE)
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TOO_LONG = "field larger than field limit"


class TableError(Exception):
    """The table as a whole cannot be read; says why, and in which line."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """The values of a row; `problem` says why there are none. `line` is its first line."""

    line: int
    values: tuple[str, ...] = ()
    problem: str = ""


class Table:
    """A table whose header has the column `needed`; `columns` are its names as they stand.

    Raises TableError, also while it is iterated over.
    """

    def __init__(self, content: BinaryIO, needed: str) -> None:
        self._content = content
        start = content.read(2)
        content.seek(0)
        self._encoding = "utf-16" if start in _UTF_16_MARKS else "utf-8-sig"
        self._lines = io.TextIOWrapper(content, encoding=self._encoding, newline="")
        self._lines_before = 0
        try:
            header = self._lines.readline()
            named = _SEPARATOR_LINE.fullmatch(header)
            if named:
                self._lines_before = 1
                header = self._lines.readline()
            self._delimiter = named[1] if named else _delimiter(header, needed)
            self._reader = csv.reader(
                chain([header], self._lines), delimiter=self._delimiter, strict=True
            )
            self.columns = [name.strip() for name in next(self._reader, [])]
        except UnicodeError as error:
            raise self._no_text(error) from None
        except csv.Error as error:
            raise TableError(f"its header cannot be read: {error}") from None

    def __iter__(self) -> Iterator[TableRow]:
        """Yield the rows; those without any value are passed over."""
        while True:
            line = self._line() + 1
            try:
                values = next(self._reader, None)
            except UnicodeError as error:
                raise self._no_text(error) from None
            except csv.Error as error:
                yield TableRow(line, problem=self._problem(line, str(error)))
                continue
            if values is None:
                return
            if any(value.strip() for value in values):
                yield self._row(line, values)

    def _row(self, line: int, values: list[str]) -> TableRow:
        if len(values) > len(self.columns):
            return TableRow(line, problem="has more values than there are columns")
        if any(self._holds_rows(value) for value in values):
            text = f"holds further rows, to line {self._line()}: a quote opens that is not meant"
            return TableRow(line, problem=text)
        missing = len(self.columns) - len(values)
        return TableRow(line, (*values, *[""] * missing))

    def _holds_rows(self, value: str) -> bool:
        delimiters = len(self.columns) - 1
        _, *further = re.split(r"[\r\n]+", value.strip())
        return any(text.count(self._delimiter) >= delimiters for text in further)

    def _problem(self, line: int, error: str) -> str:
        if _TOO_LONG in error and self._line() == line:
            return f"has a value of more than {csv.field_size_limit():,} characters"
        if _TOO_LONG in error or error == "unexpected end of data":
            text = "a quote opens that is not closed; write a quote that is meant as two"
            raise TableError(f"line {line}: {text}")
        if "expected after" in error:
            to = f", to line {self._line()}" if self._line() != line else ""
            return f'has text after a closing quote{to}; a quote inside quotes is written as ""'
        return f"is no row of a CSV: {error}"

    def _line(self) -> int:
        return self._lines_before + self._reader.line_num

    def _no_text(self, error: UnicodeError) -> TableError:
        """A file is decoded in pieces, so the line is looked for."""
        if self._encoding == "utf-16":
            return TableError(f"it is no UTF-16: {error}; save it as CSV UTF-8")
        self._content.seek(0)
        for number, line in enumerate(self._content, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return TableError(f"line {number} is no UTF-8; save it as CSV UTF-8")
        return TableError("it is no UTF-8; save it as CSV UTF-8")


def _delimiter(header: str, needed: str) -> str:
    """The first one that yields the column, else the one with the most columns."""
    columns = {one: next(csv.reader([header], delimiter=one), []) for one in _DELIMITERS}
    for delimiter, names in columns.items():
        if needed in (name.strip().lower() for name in names):
            return delimiter
    return max(_DELIMITERS, key=lambda one: len(columns[one]))
