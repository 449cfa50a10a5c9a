"""Counts and times every call, and writes one log line for it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import structlog

from ootd_gateway.errors import InvalidRequestError, OotdError
from ootd_gateway.rpc.call_record import CallRecord, begin_record, shown_fields
from ootd_gateway.rpc.error_status import code_of
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context
from ootd_gateway.telemetry.metrics.registry import Metrics

log = structlog.get_logger(__name__)

# Codes of calls that failed for reasons of the server's own.
_SERVER_FAULTS = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.UNAVAILABLE,
}
_AGENT_CHARACTERS = 120


class ObservationInterceptor(AroundCallInterceptor):
    """Keeps the metrics of go-grpc-prometheus, so that its dashboards fit."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @asynccontextmanager
    async def around(self, call: Call, context: Context) -> AsyncIterator[None]:
        """Watch one call."""
        labels = (call.kind, call.service, call.method)
        self._metrics.calls.started.labels(*labels).inc()
        started = time.perf_counter()
        record, caller = begin_record(), _caller(context)  # once a call has ended, it has no peer
        code, fault = grpc.StatusCode.OK, None
        try:
            yield
        except BaseException as error:
            code, fault = code_of(error, context), error
            self._metrics.calls.errors.labels(call.method, _reason(error, code)).inc()
            raise
        finally:
            seconds = time.perf_counter() - started
            self._metrics.calls.seconds.labels(*labels).observe(seconds)
            self._metrics.calls.handled.labels(*labels, _title(code)).inc()
            fields = {"code": code.name, "milliseconds": round(seconds * 1000, 2)}
            _write(code, {**fields, **caller, **_fault(fault), **_sizes(call, record)})


def _write(code: grpc.StatusCode, fields: dict[str, object]) -> None:
    if code in _SERVER_FAULTS:
        log.warning("call failed", **fields)
    else:
        log.info("call", **fields)


def _reason(error: BaseException, code: grpc.StatusCode) -> str:
    """Return the reason that callers are told; without one, the status."""
    return error.reason if isinstance(error, OotdError) else code.name


def _fault(error: BaseException | None) -> dict[str, object]:
    if error is None:
        return {}
    reason = error.reason if isinstance(error, OotdError) else type(error).__name__
    if isinstance(error, InvalidRequestError):
        return {"reason": reason, "fields": shown_fields([one.field for one in error.violations])}
    return {"reason": reason}


def _caller(context: Context) -> dict[str, object]:
    agents = (value for key, value in context.invocation_metadata() or () if key == "user-agent")
    agent = next(agents, "")
    text = agent if isinstance(agent, str) else ""
    return {"peer": context.peer(), "user_agent": text[:_AGENT_CHARACTERS]}


def _sizes(call: Call, record: CallRecord) -> dict[str, object]:
    messages = {"requests": record.requests} if call.streams else {}
    return {**messages, **record.fields()}


def _title(code: grpc.StatusCode) -> str:
    """Return the code as go-grpc writes it, such as "InvalidArgument"."""
    return "OK" if code is grpc.StatusCode.OK else code.name.title().replace("_", "")
