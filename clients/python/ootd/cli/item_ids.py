"""Ids of items that are made from paths.

An id holds letters a to z, digits and "._:/-". Every other character of the path is written as its
bytes in UTF-8, two hexadecimal digits each after a colon, as a link would have them after "%": "é"
is ":c3:a9", a space ":20". So ids stay apart, and tell their path. A "-" at the start is written
so too, as a command would take the id for an option.
"""

import hashlib
import re

LONGEST_ID = 128
"""Characters of an item's id."""

_NOT_OF_AN_ID = re.compile(rb"[^A-Za-z0-9._/-]|^-")
_DIGEST_LENGTH = 8


def id_of(path: str, prefix: str = "") -> str:
    """Return the id of the item at a path; what is too long ends with a hash of the whole path.

    `prefix` stands before it as it is.
    """
    name = path.encode("utf-8", "surrogateescape")
    encoded = _NOT_OF_AN_ID.sub(lambda found: b":%02x" % found[0][0], name).decode("ascii")
    text = prefix + encoded
    if text and len(text) <= LONGEST_ID:
        return text
    digest = digest_of(path)
    kept = re.sub(r":[0-9a-f]?$", "", text[: LONGEST_ID - _DIGEST_LENGTH - 1])
    return f"{kept}-{digest}" if kept else digest


def digest_of(path: str) -> str:
    """Return eight characters that keep a path apart from others and tell nothing of it."""
    name = path.encode("utf-8", "surrogateescape")
    return hashlib.sha256(name).hexdigest()[:_DIGEST_LENGTH]
