"""What services of streams share: an element that fails is answered, not raised."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from ootd.v1 import element_error_pb2
from ootd_gateway.errors import InternalError, OotdError
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.rpc.request_id import current_request_id
from ootd_gateway.rpc.status import element_error, internal_error

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")


class ElementAnswers:
    """Answers single elements of one streaming method."""

    def __init__(self, method: str, metrics: Metrics) -> None:
        self._method = method
        self._metrics = metrics

    async def guarded(
        self,
        work: Callable[[], Awaitable[Answer]],
        failed: Callable[[element_error_pb2.ElementError], Answer],
    ) -> Answer:
        """Return what `work` returns, or `failed` of the error that it raised."""
        try:
            return await work()
        except InternalError as caught:
            log.exception("internal error in a stream", method=self._method, detail=caught.message)
            error: OotdError = internal_error()
        except OotdError as caught:
            error = caught
        except Exception:
            log.exception("unexpected error in a stream", method=self._method)
            error = internal_error()
        self._metrics.calls.element_errors.labels(self._method, error.reason).inc()
        return failed(element_error(error, current_request_id()))
