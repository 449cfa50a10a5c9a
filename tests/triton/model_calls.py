"""What calls models of a running Triton, as the tests see it."""

from typing import Any, Protocol

from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]
Arrays = dict[str, Array]
Guide = tuple[float, ...]
"""Kind, super-category and rectangle: the first six numbers of the tensor GUIDE."""


class Infer(Protocol):
    """Calls one model: arrays by input name in, arrays by output name out."""

    def __call__(self, model: str, **arrays: Array) -> Arrays: ...


class Analyze(Protocol):
    """Calls an ensemble for one encoded photo; without a guide nothing is known."""

    def __call__(
        self,
        image: bytes,
        guide: Guide = (0, -1, 0, 0, 0, 0),
        threshold: float = -1,
        ensemble: str = "ootd",
    ) -> Arrays: ...


class Encode(Protocol):
    """Writes an image in a format that PIL knows."""

    def __call__(self, image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes: ...
