"""What callers hand in: photos, vectors, items to store, certificates."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from ootd.types.garments import Region
from ootd.types.names import AttributeModel, SuperCategory


class BinaryFile(Protocol):
    """An open file, or anything else that is read like one: `io.BytesIO`, a response's body."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes, all of them without it."""


class AsyncBinaryFile(Protocol):
    """A file whose reads are awaited, such as an upload of a web framework; for AsyncClient."""

    async def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes, b"" at the end."""


class PillowImage(Protocol):
    """A `PIL.Image.Image`, told by its form so that Pillow is not needed."""

    @property
    def mode(self) -> str:
        """How pixels are stored, such as "RGB"."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def getexif(self) -> Any:
        """Return the EXIF data, which may hold an orientation."""


ImageSource: TypeAlias = (
    bytes
    | bytearray
    | memoryview
    | BinaryFile
    | AsyncBinaryFile
    | PillowImage
    | str
    | os.PathLike[str]
)
"""A photo of at most 20 MiB: its encoded bytes, a binary file that is open, a Pillow image, or the
path of its file (a str is a path, never a URL). JPEG, PNG, WebP, BMP or TIFF; with the extra
`ootd[heic]` HEIC and AVIF too, which are turned into JPEG before they are sent. A file is read from
where it stands, and a Pillow image is sent as JPEG of quality 95 (as PNG with transparency)."""


class FloatArray(Protocol):
    """An array of one dimension of numpy, PyTorch or the like, told by its form."""

    def tolist(self) -> Any:
        """Return the values as Python's own."""

    def __len__(self) -> int: ...


FloatVector: TypeAlias = Sequence[float] | FloatArray
"""Numbers in a row: a list, a tuple, or an array of one dimension."""


def _frozen(vector: FloatVector) -> FloatVector:
    """Return a vector as a tuple, so that no later change of an array reaches what is sent.

    What is no vector comes back as it is: it is refused where the element is sent.
    """
    if isinstance(vector, tuple | str | bytes):
        return vector
    values = vector.tolist() if hasattr(vector, "tolist") else vector
    return tuple(values) if isinstance(values, Sequence) else vector


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of a stream; `correlation_id` (at most 256 bytes) comes back with the answer.

    `category` or `region`, not both, says which garment is meant; `score_threshold` and
    `attribute_model` are those of `Client.analyze_image`.
    """

    correlation_id: str
    image: ImageSource
    category: SuperCategory | None = None
    region: Region | None = None
    score_threshold: float | None = None
    attribute_model: AttributeModel | None = None


@dataclass(frozen=True, slots=True)
class ItemUpload:
    """An item that a photo shows, to be added or replaced.

    `item_id`: 1 to 128 of letters, digits and "._:/-". `category` or `region`, not both, says which
    garment of the photo is the item; default: the category that the title names, else the most
    confident one. `title`: at most 512 characters; `attributes`: at most 64; `payload`: at most
    16 KiB that come back with every hit. `score_threshold` and `attribute_model` are those of
    `Client.analyze_image`.
    """

    item_id: str
    image: ImageSource
    title: str = ""
    category: SuperCategory | None = None
    region: Region | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""
    score_threshold: float | None = None
    attribute_model: AttributeModel | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingUpload:
    """An item with a ready embedding: 128 finite values, not all 0; any length above 0.

    `color_histogram`: 56 values of 0 or more; without it colour counts nothing in the item's score.
    `vector_fingerprint` names the models that made both, as answers tell it; the upload is refused
    where the stored vectors are of others. Without it the caller answers for that. Lists and arrays
    are kept as tuples.
    """

    item_id: str
    embedding: FloatVector
    super_category: SuperCategory
    sub_category: str = ""
    color_histogram: FloatVector = ()
    title: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""
    vector_fingerprint: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "embedding", _frozen(self.embedding))
        object.__setattr__(self, "color_histogram", _frozen(self.color_histogram))


Upload: TypeAlias = ItemUpload | EmbeddingUpload
"""An item to be added or replaced."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What this side shows to a server that asks for a certificate (mutual TLS), as PEM.

    `certificate_chain` is the client's own certificate, followed by those between it and the
    server's authority; `private_key` belongs to it and is not encrypted. Raises TypeError for what
    is no bytes (a path, say) and ValueError for what is no PEM.
    """

    certificate_chain: bytes
    private_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_pem("certificate_chain", self.certificate_chain, "CERTIFICATE")
        check_pem("private_key", self.private_key, "PRIVATE KEY")
        if b"ENCRYPTED" in self.private_key:
            raise ValueError("private_key is encrypted: give it without a passphrase")


def check_pem(name: str, value: bytes, kind: str) -> None:
    """Raise TypeError unless a value is bytes, ValueError unless they hold a PEM block of a kind.

    `kind` is what stands in its first line, such as "CERTIFICATE".
    """
    if not isinstance(value, bytes):
        raise TypeError(
            f"{name} must be the bytes of a PEM file, is {type(value).__name__}; "
            "read a file with pathlib.Path(...).read_bytes()"
        )
    if b"-----BEGIN " not in value or f"{kind}-----".encode() not in value:
        raise ValueError(f"{name} holds no PEM block of a {kind.lower()}")
