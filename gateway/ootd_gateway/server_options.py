"""From settings to the server's options; reads the files that settings name."""

import asyncio
from pathlib import Path

from ootd_gateway.admission import Admission, AdmissionPool
from ootd_gateway.byte_budget import ByteBudget
from ootd_gateway.metrics.calls import PoolMetrics
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.server import ServerOptions, TransportSecurity
from ootd_gateway.settings.loading import Settings
from ootd_gateway.start_error import StartError


def server_options(settings: Settings) -> ServerOptions:
    """Return how the server is reached. Raises StartError where a file cannot be used."""
    return ServerOptions(
        address=settings.listen_address,
        deadlines=Deadlines(settings.default_deadline_seconds, settings.max_deadline_seconds),
        tokens=_tokens(settings.token_file),
        security=_security(settings),
        reflection=settings.reflection,
        max_connection_age_seconds=settings.max_connection_age_seconds,
        stream_idle_seconds=settings.stream_idle_seconds,
        max_open_calls=settings.max_open_calls,
    )


def admission(settings: Settings, metrics: Metrics) -> Admission:
    """Return the places for calls and for streams, watched by metrics."""
    return Admission(
        calls=AdmissionPool(
            limit=settings.max_concurrent_calls,
            queue_limit=settings.max_queued_calls,
            queue_seconds=settings.max_queue_seconds,
            caller_share=settings.max_caller_share,
            observer=PoolMetrics(metrics.calls, "calls"),
        ),
        streams=AdmissionPool(
            limit=settings.max_concurrent_streams,
            queue_limit=0,
            queue_seconds=settings.max_queue_seconds,
            caller_share=settings.max_caller_share,
            observer=PoolMetrics(metrics.calls, "streams"),
        ),
        closing=asyncio.Event(),
        request_bytes=ByteBudget(
            settings.max_bytes_in_flight,
            wait_seconds=settings.max_queue_seconds,
            changed=metrics.calls.bytes_in_flight.set,
        ),
    )


def _tokens(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    lines = (line.strip() for line in _read(path, "token_file").decode().splitlines())
    tokens = tuple(line for line in lines if line and not line.startswith("#"))
    if not tokens:
        raise StartError(f"token_file: {path} holds no token; write one a line, or unset it")
    return tokens


def _security(settings: Settings) -> TransportSecurity | None:
    if settings.tls_certificate_file is None or settings.tls_private_key_file is None:
        return None
    authority = settings.tls_client_ca_file
    return TransportSecurity(
        private_key=_read(settings.tls_private_key_file, "tls_private_key_file"),
        certificate_chain=_read(settings.tls_certificate_file, "tls_certificate_file"),
        client_authority=None if authority is None else _read(authority, "tls_client_ca_file"),
    )


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartError(f"{setting}: cannot read {path}: {error.strerror}") from None
