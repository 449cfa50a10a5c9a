"""What every call carries beside its request: request id, token, the caller's own metadata."""

import re
from collections.abc import Mapping

from ootd.channel import Connection

_NAME = re.compile(r"[a-z0-9_.-]+\Z")
_REQUEST_ID = "x-request-id"
_TOKEN = "authorization"  # noqa: S105 - the name of a header


def check_metadata(metadata: Mapping[str, str] | None, connection: Connection) -> dict[str, str]:
    """Return metadata with its names in lower case.

    Raises TypeError for what is no mapping of str to str, and ValueError for names and values that
    HTTP/2 or gRPC does not take, and for a token that would cross a network in plaintext.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise TypeError(f"metadata must map str to str, is {type(metadata).__name__}")
    checked: dict[str, str] = {}
    for name, value in metadata.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"metadata must map str to str, has {name!r}: {type(value).__name__}")
        key = name.lower()
        if not _NAME.match(key) or key.startswith("grpc-") or key.endswith("-bin"):
            raise ValueError(
                f'metadata names are letters, digits and "_.-", begin with no "grpc-" and end '
                f'with no "-bin"; got {name!r}'
            )
        if not value.isascii() or not (value.isprintable() or not value):
            raise ValueError(f"metadata {key!r} must be printable ASCII")
        checked[key] = value
    if _TOKEN in checked:
        refuse_plaintext_token(connection)
    return checked


def check_token(token: object) -> str:
    """Return a token that can be sent; ValueError or TypeError for any other, which is not shown.

    `token` is what the caller gave, or what the caller's function returned.
    """
    if not isinstance(token, str):
        raise TypeError(f"token must be a str, is {type(token).__name__}")
    if not token or not token.isascii() or not token.isprintable():
        raise ValueError("token must be printable ASCII and not empty")
    return token


def refuse_plaintext_token(connection: Connection) -> None:
    """Raise ValueError where a token would cross a network in plaintext, unasked."""
    if not (connection.uses_tls or connection.is_local or connection.allow_plaintext_token):
        raise ValueError(
            f"the token would be sent to {connection.host or connection.target} in plaintext: use "
            "tls=True, or allow_plaintext_token=True if the network is trusted"
        )


def call_metadata(
    request_id: str, token: str | None, own: Mapping[str, str]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a call's request id and its metadata, where the caller's own goes first.

    So a caller can give a request id, or a token for one call.
    """
    pairs = {_REQUEST_ID: request_id}
    if token is not None:
        pairs[_TOKEN] = f"Bearer {token}"
    pairs.update(own)
    return pairs[_REQUEST_ID], tuple(pairs.items())
