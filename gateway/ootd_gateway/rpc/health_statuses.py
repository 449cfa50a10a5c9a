"""The standard health service (grpc.health.v1): tells and shows the statuses that it is given."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class HealthStatuses(health_pb2_grpc.HealthServicer):
    """Statuses (numbers of ServingStatus) by service.

    That of `grpcio-health-checking` tells a service's watchers nothing more once one of them has
    gone, and has `set` wait for a watcher that takes no answer; here watchers know nothing of each
    other.
    """

    def __init__(self) -> None:
        self._statuses: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._is_final = False

    def set(self, service: str, status: int) -> None:
        """Tell of a service's status; has no effect after `stop`."""
        if not self._is_final and self._statuses.get(service) != status:
            self._statuses[service] = status
            self._wake_watchers()

    def stop(self) -> None:
        """Say of all services, for good, that they would not answer."""
        self._is_final = True
        self._statuses = dict.fromkeys(self._statuses, _NOT_SERVING)
        self._wake_watchers()

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: aio.ServicerContext[Any, Any]
    ) -> health_pb2.HealthCheckResponse:
        """Answer the status of a service, NOT_FOUND of one that there is not."""
        status = self._statuses.get(request.service)
        if status is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service here")
        return health_pb2.HealthCheckResponse(status=status)

    async def Watch(
        self, request: health_pb2.HealthCheckRequest, context: aio.ServicerContext[Any, Any]
    ) -> None:
        """Answer the status of a service now and whenever it changes, without end."""
        told = None
        while True:
            changed = self._changed
            status = self._statuses.get(request.service, _UNKNOWN)
            if status != told:
                await context.write(health_pb2.HealthCheckResponse(status=status))
                told = status
            await changed.wait()

    def _wake_watchers(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
