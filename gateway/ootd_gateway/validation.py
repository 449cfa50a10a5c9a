"""Every range and pattern that requests must keep to, in one place, on plain Python values.

Each check takes a value, the path of its field and a `Violations` list; it adds what is wrong and
returns the value in its domain form (a stand-in where it was at fault). `Violations.check()` raises
once with everything that was found, so a caller hears of all faults at a time.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from ootd_gateway.errors import FieldViolation, InvalidRequestError
from ootd_gateway.types import (
    EMBEDDING_SIZE,
    HISTOGRAM_BINS,
    AttributeModel,
    Box,
    FloatVector,
    SuperCategory,
)

ITEM_ID_CHARACTERS = 128
TITLE_CHARACTERS = 512
ATTRIBUTE_COUNT = 64
ATTRIBUTE_NAME_CHARACTERS = 64
ATTRIBUTE_VALUE_CHARACTERS = 256
PAYLOAD_BYTES = 16 * 1024
CORRELATION_ID_BYTES = 256
MAX_K = 1000
DEFAULT_K = 10
MAX_OFFSET = 10_000
MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 100
MAX_DELETED_IDS = 1000

_ATTRIBUTE_MODELS = (None, AttributeModel.TAGGER, AttributeModel.SEQUENCER)
_ITEM_ID = re.compile(r"[A-Za-z0-9._:/-]+\Z")
_FINGERPRINT = re.compile(r"[A-Za-z0-9-]{0,64}\Z")
_SHOWN_CHARACTERS = 40
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They make text look like another one. Joiners, which some scripts need, are fine.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


class Violations:
    """Collects what is wrong with a request; `check` raises where there is anything."""

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []

    def add(self, field: str, description: str) -> None:
        """Note that `field` is at fault."""
        self._found.append(FieldViolation(field, description))

    def __len__(self) -> int:
        return len(self._found)

    def check(self) -> None:
        """Raise InvalidRequestError with all violations, where there is one."""
        if self._found:
            raise InvalidRequestError(self._found)


def item_id(value: str, field: str, violations: Violations) -> str:
    """Check a shop's id: 1 to 128 letters, digits and "._:/-"."""
    if not value:
        violations.add(field, "must be set, is empty")
    elif len(value) > ITEM_ID_CHARACTERS:
        violations.add(field, f"must have 1 to {ITEM_ID_CHARACTERS} characters, has {len(value)}")
    elif not _ITEM_ID.match(value):
        violations.add(field, f'may hold letters, digits and "._:/-" alone, is {shown(value)}')
    return value


def item_ids(values: Sequence[str], field: str, violations: Violations) -> tuple[str, ...]:
    """Check 1 to 1000 ids."""
    if not 1 <= len(values) <= MAX_DELETED_IDS:
        violations.add(field, f"must hold 1 to {MAX_DELETED_IDS} ids, holds {len(values)}")
        return ()
    return tuple(
        item_id(value, f"{field}[{number}]", violations) for number, value in enumerate(values)
    )


def title(value: str, field: str, violations: Violations) -> str:
    """Check a title: at most 512 characters, none of them a control character."""
    _text(value, field, violations, limit=TITLE_CHARACTERS)
    return value


def attributes(values: Mapping[str, str], field: str, violations: Violations) -> dict[str, str]:
    """Check the shop's attributes: at most 64, names of 1 to 64 characters, values at most 256."""
    if len(values) > ATTRIBUTE_COUNT:
        violations.add(
            field, f"must hold at most {ATTRIBUTE_COUNT} attributes, holds {len(values)}"
        )
        return {}
    for name, value in values.items():
        path = f"{field}[{shown(name)}]"
        if not name:
            violations.add(path, "must have a name, has none")
        _text(name, path, violations, limit=ATTRIBUTE_NAME_CHARACTERS, what="name ")
        _text(value, path, violations, limit=ATTRIBUTE_VALUE_CHARACTERS)
    return dict(values)


def payload(value: bytes, field: str, violations: Violations) -> bytes:
    """Check the shop's bytes: at most 16 KiB."""
    if len(value) > PAYLOAD_BYTES:
        violations.add(field, f"must have at most {PAYLOAD_BYTES} bytes, has {len(value)}")
    return value


def correlation_id(value: str, field: str, violations: Violations) -> str:
    """Check a caller's name for a photo: at most 256 bytes of UTF-8."""
    size = len(value.encode("utf-8", "surrogatepass"))
    if size > CORRELATION_ID_BYTES:
        violations.add(field, f"must have at most {CORRELATION_ID_BYTES} bytes, has {size}")
    return value


def image_present(value: bytes, field: str, violations: Violations) -> bytes:
    """Check that there is a photo at all; `images.header.check_image` looks into it."""
    if not value:
        violations.add(field, "holds no bytes: the photo was not set, or its file is empty")
    return value


def k(value: int | None, field: str, violations: Violations) -> int:
    """Check a number of hits, 1 to 1000; None is the default, 10."""
    return _within(value, field, violations, upper=MAX_K, default=DEFAULT_K)


def offset(value: int, field: str, violations: Violations) -> int:
    """Check how many of the best hits are passed over: 0 to 10000."""
    if not 0 <= value <= MAX_OFFSET:
        violations.add(field, f"must be 0 to {MAX_OFFSET}, is {value}")
    return value


def min_score(value: float | None, field: str, violations: Violations) -> float | None:
    """Check the lowest score of a hit, -1 to 1; None is none."""
    if value is not None and not -1.0 <= value <= 1.0:  # also catches NaN
        violations.add(field, f"must be -1 to 1, is {value:g}")
    return value


def page_size(value: int | None, field: str, violations: Violations) -> int:
    """Check a number of items on a page, 1 to 1000; None is the default, 100."""
    return _within(value, field, violations, upper=MAX_PAGE_SIZE, default=DEFAULT_PAGE_SIZE)


def page_token(value: str, field: str, violations: Violations) -> str:
    """Check a page token: empty, or one that an earlier page gave (the last item's id)."""
    if value and (len(value) > ITEM_ID_CHARACTERS or not _ITEM_ID.match(value)):
        violations.add(field, f"must be an earlier page's next_page_token, is {shown(value)}")
    return value


def super_category(value: int, field: str, violations: Violations) -> SuperCategory:
    """Check a required super-category, numbered as in `ootd.v1.SuperCategory`, 1 to 6."""
    found = optional_super_category(value, field, violations)
    if value == 0:
        violations.add(field, "must be set, is SUPER_CATEGORY_UNSPECIFIED")
    return SuperCategory.TOP if found is None else found


def optional_super_category(value: int, field: str, violations: Violations) -> SuperCategory | None:
    """Check a super-category, numbered as in `ootd.v1.SuperCategory`; 0 is none."""
    if value == 0:
        return None
    try:
        return SuperCategory(value - 1)
    except ValueError:
        violations.add(field, f"must be a known SuperCategory (1 to 6), is {value}")
        return None


def score_threshold(value: float | None, field: str, violations: Violations) -> float | None:
    """Check a detector score, 0 to 1; None is the service's own."""
    if value is not None and not 0.0 <= value <= 1.0:  # also catches NaN
        violations.add(field, f"must be 0 to 1, is {value:g}")
    return value


def attribute_model(value: int, field: str, violations: Violations) -> AttributeModel | None:
    """Check an attribute model, numbered as in `ootd.v1.AttributeModel`; 0 is none."""
    if not 0 <= value < len(_ATTRIBUTE_MODELS):
        violations.add(field, f"must be a known AttributeModel (1 or 2), is {value}")
        return None
    return _ATTRIBUTE_MODELS[value]


def region(  # noqa: PLR0917 - a rectangle is its four corners
    x0: float, y0: float, x1: float, y1: float, field: str, violations: Violations
) -> Box:
    """Check a rectangle: 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1."""
    inside = True
    for name, value in (("x0", x0), ("y0", y0), ("x1", x1), ("y1", y1)):
        if not 0.0 <= value <= 1.0:  # also catches NaN
            violations.add(f"{field}.{name}", f"must be 0 to 1, is {value:g}")
            inside = False
    if inside:
        for axis, low, high in (("x", x0, x1), ("y", y0, y1)):
            if not low < high:
                violations.add(f"{field}.{axis}1", f"must be above {axis}0 ({low:g}), is {high:g}")
    return Box(x0, y0, x1, y1)


def embedding(values: Sequence[float], field: str, violations: Violations) -> FloatVector:
    """Check an embedding: 128 finite values, not all 0. Returns float32[128], L2-normalised."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (EMBEDDING_SIZE,):
        violations.add(field, f"must hold exactly {EMBEDDING_SIZE} values, holds {vector.size}")
    elif not np.isfinite(vector).all():
        place = int(np.flatnonzero(~np.isfinite(vector))[0])
        violations.add(f"{field}[{place}]", f"must be finite, is {vector[place]:g}")
    elif not vector.any():
        violations.add(field, "must not be all 0")
    else:
        # Scaling by the largest value first keeps squares of tiny or huge values in range.
        vector = vector / np.abs(vector).max()
        unit: FloatVector = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit
    return np.zeros(EMBEDDING_SIZE, dtype=np.float32)


def color_histogram(
    values: Sequence[float], field: str, violations: Violations
) -> FloatVector | None:
    """Check a colour histogram: none, or 56 finite values of 0 or more, not all 0.

    Returns float32[56] that sums to 1, or None where `values` is empty.
    """
    if len(values) == 0:
        return None
    bins = np.asarray(values, dtype=np.float64)
    if bins.shape != (HISTOGRAM_BINS,):
        violations.add(field, f"must hold {HISTOGRAM_BINS} values or none, holds {bins.size}")
        return None
    bad = ~(np.isfinite(bins) & (bins >= 0.0))
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        violations.add(f"{field}[{place}]", f"must be finite and 0 or more, is {bins[place]:g}")
        return None
    if not bins.any():
        violations.add(field, "must not be all 0")
        return None
    bins = bins / bins.max()
    fractions: FloatVector = (bins / bins.sum()).astype(np.float32)
    return fractions


def sub_category(
    value: str,
    category: SuperCategory,
    known: Mapping[SuperCategory, Sequence[str]],
    field: str,
    violations: Violations,
) -> str:
    """Check a sub-category: none (""), or one of the taxonomy's for this super-category."""
    names = known.get(category, ())
    if value and value not in names:
        violations.add(
            field,
            f"must be a sub-category of {category.label} ({', '.join(names)}), is {shown(value)}",
        )
    return value


def vector_fingerprint(value: str, field: str, violations: Violations) -> str:
    """Check the fingerprint that a caller states for a vector: none (""), or at most 64 letters,
    digits and dashes."""
    if not _FINGERPRINT.match(value):
        violations.add(
            field,
            "must be a fingerprint as answers carry it, such as "
            f'"3f2a81d0c4b5e697-81d03f2ac4b5e697", is {shown(value)}',
        )
    return value


def _within(
    value: int | None, field: str, violations: Violations, *, upper: int, default: int
) -> int:
    if value is None:
        return default
    if not 1 <= value <= upper:
        violations.add(field, f"must be 1 to {upper}, is {value}")
    return value


def _text(value: str, field: str, violations: Violations, *, limit: int, what: str = "") -> None:
    if len(value) > limit:
        violations.add(field, f"{what}must have at most {limit} characters, has {len(value)}")
        return
    for place, character in enumerate(value):
        if character in _OVERRIDES or unicodedata.category(character) in _CONTROL_CATEGORIES:
            violations.add(
                field,
                f"{what}must hold no control characters, "
                f"holds U+{ord(character):04X} at position {place}",
            )
            return


def shown(value: str) -> str:
    """Quote a caller's text for a message: short, and without characters that act on a terminal."""
    short = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return ascii(short) if not short.isprintable() else f'"{short}"'
