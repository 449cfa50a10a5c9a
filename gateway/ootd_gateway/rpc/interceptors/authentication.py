"""Lets in calls that carry one of the configured bearer tokens."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from ootd_gateway.errors import UnauthenticatedError
from ootd_gateway.rpc.callers import adopt_caller
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context


class AuthenticationInterceptor(AroundCallInterceptor):
    """Asks for `authorization: Bearer TOKEN` in the metadata. Without tokens, everyone is let in.

    Tokens are compared by their SHA-256 in constant time, so that time tells nothing of them.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        self._digests = tuple(_digest(token) for token in tokens)

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Refuse callers without a valid token, and note who the others are."""
        adopt_caller(context, self._checked(context) if self._digests else None)
        yield

    def _checked(self, context: Context) -> bytes:
        """Return the digest of the call's token."""
        for key, value in context.invocation_metadata() or ():
            if key != "authorization" or not isinstance(value, str):
                continue
            scheme, _, token = value.partition(" ")
            given = _digest(token.strip())
            if scheme.lower() == "bearer" and any(
                hmac.compare_digest(given, known) for known in self._digests
            ):
                return given
            raise UnauthenticatedError("the bearer token of the call is not one of the server's")
        raise UnauthenticatedError(
            'the call carries no token; send the metadata "authorization: Bearer TOKEN"'
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
