"""What services of streams share: an element that fails is answered, not raised."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from ootd.v1 import element_error_pb2
from ootd_gateway.errors import InternalError, InvalidRequestError, OotdError
from ootd_gateway.rpc.call_record import current_record, shown_fields
from ootd_gateway.rpc.error_status import element_error, internal_error
from ootd_gateway.rpc.request_id import current_request_id
from ootd_gateway.rpc.traceback_frames import release_locals
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
        except InternalError as caught:
            log.exception("internal error in a stream", detail=caught.message)
            release_locals(caught)
            error: OotdError = internal_error()
        except OotdError as caught:
            release_locals(caught)
            error = caught.with_traceback(None)  # or it and this frame would hold each other
        except Exception as caught:
            log.exception("unexpected error in a stream")
            release_locals(caught)
            error = internal_error()
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
