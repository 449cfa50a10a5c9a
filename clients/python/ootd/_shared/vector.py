"""The forms in which callers hand in an embedding or a histogram."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias


class FloatArray(Protocol):
    """An array of one dimension of numpy, PyTorch or the like, told by its form."""

    def tolist(self) -> Any:
        """Return the values as Python's own."""

    def __len__(self) -> int: ...


FloatVector: TypeAlias = Sequence[float] | FloatArray
"""Numbers in a row: a list, a tuple, or an array of one dimension."""


def frozen(vector: FloatVector) -> FloatVector:
    """Return a vector as a tuple, so that no later change of an array reaches what is sent.

    What is no vector comes back as it is: it is refused where the element is sent.
    """
    if isinstance(vector, tuple | str | bytes):
        return vector
    values = vector.tolist() if hasattr(vector, "tolist") else vector
    return tuple(values) if isinstance(values, Sequence) else vector
