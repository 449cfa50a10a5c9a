"""Lets in calls that carry one of the valid bearer tokens."""

import hmac
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from ootd_gateway.errors import UnauthenticatedError
from ootd_gateway.rpc.caller_identity import adopt_caller
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context
from ootd_gateway.rpc.tokens import TokenSource, token_digest


class AuthenticationInterceptor(AroundCallInterceptor):
    """Asks for `authorization: Bearer TOKEN` in the metadata. Without tokens, everyone is let in.

    Tokens are compared by their SHA-256 in constant time, so that time tells nothing of them.
    """

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Refuse callers without a valid token, and note who the others are."""
        digests = self._tokens.digests()
        adopt_caller(context, self._checked(context, digests) if digests else None)
        yield

    def _checked(self, context: Context, digests: Collection[bytes]) -> bytes:
        """Return the digest of the call's token."""
        for key, value in context.invocation_metadata() or ():
            if key != "authorization" or not isinstance(value, str):
                continue
            scheme, _, token = value.partition(" ")
            given = token_digest(token.strip())
            if scheme.lower() == "bearer" and any(
                hmac.compare_digest(given, known) for known in digests
            ):
                return given
            raise UnauthenticatedError("the bearer token of the call is not one of the server's")
        raise UnauthenticatedError(
            'the call carries no token; send the metadata "authorization: Bearer TOKEN"'
        )
