"""How AsyncClient makes calls: deadline, retries, token, request id, what failures mean.

The counterpart in _sync is derived from this file by derive_sync.py.
"""

import time
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Literal, Protocol, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from ootd import _compatibility, _faults
from ootd._async.runtime import (
    Aside,
    Interceptor,
    Link,
    TokenSource,
    aclosing,
    call_once,
    close_source,
    current_token,
    in_thread,
    responses,
    sleep,
)
from ootd._call_metadata import (
    call_metadata,
    check_metadata,
    check_token,
    refuse_plaintext_token,
)
from ootd._ledger import Ledger
from ootd.channel import Connection, __version__
from ootd.errors import OotdError, UnsupportedError, from_element_error, from_rpc_error
from ootd.retry import RetryBudget, RetryPolicy
from ootd.v1 import element_error_pb2, server_service_pb2, vision_service_pb2
from ootd.v1.server_service_pb2_grpc import ServerServiceStub
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)
_Stub = TypeVar("_Stub")
_Pairs = tuple[tuple[str, str], ...]

_LONGEST_S = 10 * 365 * 86_400.0
"""What a longer time is taken for, such as math.inf: clocks and locks take no more at will."""

_LOOK_S = 1.0
"""Longest time that a look at the other side takes: at its version, at whether it is a gateway."""

_LAST_LOOK_S = 0.2
"""How long closing waits for a look at the version, so that also a single call gets its warning."""


class ElementAnswer(Protocol):
    """A stream's answer to one element: what it came to, or its error."""

    @property
    def error(self) -> element_error_pb2.ElementError:
        """Why there is no other answer."""

    def HasField(self, field_name: Literal["error"], /) -> bool:  # noqa: N802 - protobuf's
        """Whether there is an error."""


_Answer = TypeVar("_Answer", bound=ElementAnswer)


class AsyncCalls:
    """One gateway's channel, and what every call over it has in common.

    `timeout_s`, `retry` and `metadata` hold where a call says nothing else. Raises ValueError or
    TypeError for settings that make no sense.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        token: TokenSource | None,
        timeout_s: float,
        retry: RetryPolicy,
        metadata: Mapping[str, str] | None,
        interceptors: Sequence[Interceptor],
        check_compatibility: bool,
    ) -> None:
        self.connection = connection
        if token is not None:
            refuse_plaintext_token(connection)
            self._token: TokenSource | None = token if callable(token) else check_token(token)
        else:
            self._token = None
        self._timeout_s = _positive(timeout_s)
        self._retry = retry
        self._budget = RetryBudget(retry)
        self._metadata = check_metadata(metadata, connection)
        self._link = Link(connection, interceptors)
        self._aside = Aside()
        self._stubs: dict[Callable[..., Any], Any] = {}
        self._stubs_channel: grpc.aio.Channel | None = None
        self._has_answered = False
        self._is_examined = False
        self._is_version_due = check_compatibility

    def stub(self, of_channel: Callable[[grpc.aio.Channel], _Stub]) -> _Stub:
        """Return a service's stub over the channel, which is opened here.

        Raises ClosedError once it is closed.
        """
        channel = self._link.channel()
        if self._stubs_channel is not channel:
            self._stubs, self._stubs_channel = {}, channel
        stub: _Stub | None = self._stubs.get(of_channel)
        if stub is None:
            self._stubs[of_channel] = stub = of_channel(channel)
        return stub

    async def close(self) -> None:
        """Cancel what is running and give back the connections; may be called again."""
        try:
            await self._aside.finish(_LAST_LOOK_S)
        finally:
            await self._link.close()

    async def unary(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[_Request, _Response]",
        request: _Request,
        timeout_s: float | None,
        metadata: Mapping[str, str] | None,
        *,
        idempotent: bool = True,
        retry: bool = True,
    ) -> _Response:
        """Make one call, and make it again as the retry policy says, within `timeout_s` in all.

        Raises the OotdError that the last attempt ended with.
        """
        begin = time.monotonic()
        limit_s = self._timeout_s if timeout_s is None else _positive(timeout_s)
        deadline = begin + limit_s
        own = {**self._metadata, **check_metadata(metadata, self.connection)}
        new_id = uuid.uuid4().hex
        self._budget.add_call()
        for attempt in count(1):
            token = await current_token(self._token, max(deadline - time.monotonic(), 0.001))
            request_id, pairs = call_metadata(new_id, token, own)
            left_s = max(deadline - time.monotonic(), 0.001)
            try:
                response = await call_once(method, request, left_s, pairs, self._link)
            except grpc.RpcError as error:
                failure = from_rpc_error(error, request_id)
            else:
                self._note_answer(pairs)
                return response
            failure = _faults.overran(_method_name(request), limit_s, failure)
            failure = await self._explain(failure, request, pairs, deadline - time.monotonic())
            delay_s = self._retry.delay_s(
                failure,
                attempt=attempt,
                left_s=deadline - time.monotonic(),
                elapsed_s=time.monotonic() - begin,
                idempotent=idempotent,
            )
            if not retry or delay_s is None or not self._budget.take_retry(failure):
                raise failure
            await sleep(delay_s)
        raise AssertionError("unreachable: count() has no end")

    async def exchange(
        self,
        method: "grpc.aio.StreamStreamMultiCallable[_Request, _Answer]",
        requests: AsyncGenerator[_Request, None],
        ledger: Ledger,
        timeout_s: float | None,
        metadata: Mapping[str, str] | None,
    ) -> AsyncGenerator[tuple[str, _Answer | None, OotdError | None], None]:
        """Yield each element's key with its answer or its error, in the order of the requests.

        Raises an OotdError where the stream breaks, and DeadlineExceededError where an answer takes
        longer than `timeout_s`. What the caller's iterable raised comes out at the end.
        """
        limit_s = self._timeout_s if timeout_s is None else _positive(timeout_s)
        own = {**self._metadata, **check_metadata(metadata, self.connection)}
        token = await current_token(self._token, limit_s)
        request_id, pairs = call_metadata(uuid.uuid4().hex, token, own)
        start = partial(method, requests, metadata=pairs)
        try:
            async with aclosing(
                responses(start, ledger, limit_s, request_id, self._link)
            ) as answers:
                async for answer in answers:
                    if answer is None:
                        for key, refusal in ledger.take_refused():
                            yield key, None, refusal
                        continue
                    self._note_answer(pairs)
                    answered_key, refused = ledger.answered()
                    for key, refusal in refused:
                        yield key, None, refusal
                    if answer.HasField("error"):
                        yield answered_key, None, from_element_error(answer.error, request_id)
                    else:
                        yield answered_key, answer, None
        except OotdError as error:
            raise await self._explain(error, None, pairs, limit_s) from None
        finally:
            await close_source(requests, ledger)
        for key, refusal in ledger.finish():
            yield key, None, refusal
        ledger.raise_source_error()

    def _note_answer(self, pairs: _Pairs) -> None:
        """Remember that a gateway answered; after its first answer, have versions compared."""
        self._has_answered = True
        if self._is_version_due:
            self._is_version_due = False
            site = _compatibility.CallSite.of_caller()
            self._aside.start(partial(self._compare_versions, pairs, site))

    async def _compare_versions(self, pairs: _Pairs, site: _compatibility.CallSite) -> None:
        """Ask for the gateway's version and warn of one that does not fit; raises nothing."""
        target = self.connection.target
        request = server_service_pb2.GetServerInfoRequest()
        try:
            method = self.stub(ServerServiceStub).GetServerInfo
            info = await call_once(method, request, _LOOK_S, pairs, self._link)
        except grpc.RpcError as error:
            if isinstance(from_rpc_error(error), UnsupportedError):
                site.warn(_compatibility.older_gateway(__version__, target))
            return
        except Exception:  # noqa: BLE001 - closed meanwhile, or an interceptor's; nobody waits
            return
        fault = _compatibility.fault(__version__, info.minimum_client_version, info.version, target)
        if fault is not None:
            site.warn(fault)

    async def _explain(
        self, failure: OotdError, request: Message | None, pairs: _Pairs, left_s: float
    ) -> OotdError:
        """Return what a failure of gRPC means, the failure itself where nothing more is known.

        `left_s` is what is left of the caller's time, to find it out.
        """
        if failure.reason:  # The gateway said it.
            self._has_answered = True
            return failure
        broken = _faults.broken_connection(failure)
        if self._link.is_closed and (broken or failure.code is grpc.StatusCode.CANCELLED):
            return _faults.closed_error()
        target, request_id = self.connection.target, failure.request_id
        if isinstance(failure, UnsupportedError):
            if not await self._is_gateway(pairs):
                return _faults.no_gateway(target, request_id)
            method = "the method" if request is None else _method_name(request)
            return _faults.unsupported(method, target, request_id)
        if failure.code is not grpc.StatusCode.UNAVAILABLE:
            return broken or failure
        named = _faults.named_by_text(self.connection, failure)
        is_due = not self._has_answered and not self._is_examined and left_s > 0
        if named is None and is_due:
            self._is_examined = True
            probe = partial(_faults.named_by_probe, self.connection, failure, left_s)
            named = await in_thread(probe)
            self._is_examined = named is None  # A fault is told each time.
        return named or failure

    async def _is_gateway(self, pairs: _Pairs) -> bool:
        """Whether a server that does not know a method knows the contract's oldest service."""
        if self._has_answered:
            return True
        method = self.stub(VisionServiceStub).GetTaxonomy
        request = vision_service_pb2.GetTaxonomyRequest()
        try:
            await call_once(method, request, _LOOK_S, pairs, self._link)
        except grpc.RpcError as error:
            return not isinstance(from_rpc_error(error), UnsupportedError)
        return True


def _method_name(request: Message) -> str:
    name = type(request).__name__
    return name.removesuffix("Request") if name.endswith("Request") else "the health check"


def _positive(timeout_s: float) -> float:
    if not timeout_s > 0:  # also catches NaN
        raise ValueError(f"timeout_s must be above 0, is {timeout_s}")
    return min(timeout_s, _LONGEST_S)
