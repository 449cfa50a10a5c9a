"""Counts and times every call, and writes one log line for it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import structlog

from ootd_gateway.errors import OotdError
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.rpc.interceptors.around import AroundCallInterceptor, Call, Context
from ootd_gateway.rpc.status import code_of

log = structlog.get_logger(__name__)

# Codes of calls that failed for reasons of the server's own.
_SERVER_FAULTS = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.UNAVAILABLE,
}


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
        code, reason = grpc.StatusCode.OK, ""
        try:
            yield
        except BaseException as error:
            code = code_of(error, context)
            reason = error.reason if isinstance(error, OotdError) else type(error).__name__
            raise
        finally:
            seconds = time.perf_counter() - started
            self._metrics.calls.seconds.labels(*labels).observe(seconds)
            self._metrics.calls.handled.labels(*labels, _title(code)).inc()
            self._write(code, reason, seconds)

    def _write(self, code: grpc.StatusCode, reason: str, seconds: float) -> None:
        fields = {"code": code.name, "milliseconds": round(seconds * 1000, 2)}
        if reason:
            fields["reason"] = reason
        if code in _SERVER_FAULTS:
            log.warning("call failed", **fields)
        else:
            log.info("call", **fields)


def _title(code: grpc.StatusCode) -> str:
    """Return the code as go-grpc writes it, such as "InvalidArgument"."""
    return "OK" if code is grpc.StatusCode.OK else code.name.title().replace("_", "")
