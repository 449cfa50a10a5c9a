"""Asks a Triton server whether it is ready, and if not, which models failed and why."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

_TIMEOUT_S = 2.0


class Readiness:
    """A connection for these two questions; a server that does not answer is not ready."""

    def __init__(self, url: str) -> None:
        # A server that is not listening yet is tried again at once, without growing pauses.
        self._channel = grpc.insecure_channel(
            url, options=[("grpc.max_reconnect_backoff_ms", 200), ("grpc.enable_http_proxy", 0)]
        )
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._channel.close()

    def is_ready(self) -> bool:
        """Whether the server listens and all its models can be used."""
        try:
            answer = self._stub.ServerReady(service_pb2.ServerReadyRequest(), timeout=_TIMEOUT_S)
        except grpc.RpcError:
            return False
        return bool(answer.ready)

    def failed_models(self) -> list[tuple[str, str]]:
        """Name and Triton's reason of each model that could not be loaded.

        Causes alone: an ensemble that only lacks a member is left out where the member is told.
        """
        failed = [
            (model.name, " ".join(model.reason.split()))
            for model in self._index()
            if model.state == "UNAVAILABLE" and model.reason
        ]
        causes = [(name, reason) for name, reason in failed if "depends on" not in reason]
        return causes or failed

    def ready_models(self) -> set[str]:
        """Names of the models that can be used now."""
        return {model.name for model in self._index() if model.state == "READY"}

    def _index(self) -> list[service_pb2.RepositoryIndexResponse.ModelIndex]:
        try:
            request = service_pb2.RepositoryIndexRequest()
            return list(self._stub.RepositoryIndex(request, timeout=_TIMEOUT_S).models)
        except grpc.RpcError:
            return []
