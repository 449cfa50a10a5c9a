"""Text of others, such as names of files and titles, made safe to show on a terminal."""

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, but part of how Persian, Indic scripts and emoji are written."""

_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return the text with what could steer a terminal written out, such as \x1b and \n.

    Control characters, changes of the writing direction, and bytes that are no UTF-8 (surrogates)
    are written as escapes; letters of all scripts, spaces and emoji stay.
    """
    if text.isprintable():
        return text
    return "".join(one if _is_harmless(one) else _escaped(one) for one in text)


def printable_json(line: str) -> str:
    r"""Return a line of JSON in which such characters are \u escapes; it says the same."""
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _is_harmless(character: str) -> bool:
    if character.isprintable() or character in _JOINERS:
        return True
    return unicodedata.category(character) == "Zs"  # Spaces of any width.


def _escaped(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # A byte of a file's name that is no UTF-8.
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
