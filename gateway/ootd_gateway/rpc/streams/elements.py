"""What services of streams share: an element that fails is answered, not raised."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from ootd.v1 import element_error_pb2
from ootd_gateway.errors import InvalidRequestError, OotdError
from ootd_gateway.rpc.call_record import current_record, shown_fields
from ootd_gateway.rpc.error_status import answerable, element_error
from ootd_gateway.rpc.request_id import current_request_id
from ootd_gateway.telemetry.metrics.registry import Metrics

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

_LOGGED_FAILURES = 20
"""Failed elements of one stream that have a log line each; all are counted on the stream's own."""


class ElementAnswers:
    """Answers single elements of one streaming method."""

    def __init__(self, method: str, metrics: Metrics) -> None:
        self._method = method
        self._metrics = metrics
        self._answered = metrics.calls.elements.labels(method, "ok")

    async def guarded(
        self,
        work: Callable[[], Awaitable[Answer]],
        failed: Callable[[element_error_pb2.ElementError], Answer],
    ) -> Answer:
        """Return what `work` returns, or `failed` of the error that it raised."""
        try:
            answer = await work()
        except Exception as caught:  # noqa: BLE001 - callers are told of all, the log of bugs
            # Without its traceback, or it and this frame would hold each other.
            error = answerable(caught).with_traceback(None)
        else:
            self._answered.inc()
            current_record().count_element("ok")
            return answer
        self._count(error)
        return failed(element_error(error, current_request_id()))

    def _count(self, error: OotdError) -> None:
        self._metrics.calls.elements.labels(self._method, "failed").inc()
        self._metrics.calls.element_errors.labels(self._method, error.reason).inc()
        record = current_record()
        record.count_element(error.reason)
        failures = record.elements.total() - record.elements["ok"]
        if failures > _LOGGED_FAILURES:
            return
        fields: dict[str, object] = {"code": error.code.name, "reason": error.reason}
        if isinstance(error, InvalidRequestError):
            fields["fields"] = shown_fields([one.field for one in error.violations])
        log.info("element failed", **fields, is_last_logged=failures == _LOGGED_FAILURES)
