"""From settings to the server's options; reads the files that settings name."""

import asyncio
from dataclasses import replace

import grpc

from ootd_gateway.process.settings import Settings
from ootd_gateway.rpc.admission import Admission, AdmissionPool
from ootd_gateway.rpc.byte_budget import ByteBudget
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.interceptors.standard_services import StandardServiceBounds
from ootd_gateway.rpc.message_limits import MAX_REQUEST_BYTES
from ootd_gateway.rpc.server import ServerOptions
from ootd_gateway.rpc.settings import AdmissionSettings, ServerSettings
from ootd_gateway.rpc.tls_files import ReloadedCertificates, TlsFiles
from ootd_gateway.rpc.tokens import FixedTokens, TokenFile
from ootd_gateway.services.answer_size import MAX_ANSWER_BYTES
from ootd_gateway.services.server.domain import ServerFacts, ServerLimits
from ootd_gateway.telemetry.metrics.calls import PoolMetrics
from ootd_gateway.telemetry.metrics.registry import Metrics


def server_options(settings: Settings, metrics: Metrics) -> ServerOptions:
    """Return how the server is reached. Raises StartError where a file cannot be used."""
    server, admission = settings.server, settings.admission
    return ServerOptions(
        address=server.listen_address,
        deadlines=Deadlines(server.default_deadline_seconds, server.max_deadline_seconds),
        tokens=FixedTokens() if server.token_file is None else TokenFile(server.token_file),
        credentials=_credentials(server, metrics),
        reflection=server.reflection,
        channelz=server.channelz,
        max_connection_age_seconds=server.max_connection_age_seconds,
        stream_idle_seconds=admission.stream_idle_seconds,
        body_seconds=admission.body_seconds,
        max_open_calls=admission.max_open_calls,
        compress_answers_above_bytes=server.compress_answers_above_bytes,
        health_address=server.health_address,
        standard_services=_standard_services(admission),
    )


def admission_pools(settings: AdmissionSettings, metrics: Metrics) -> Admission:
    """Return who is admitted: pools of calls and of streams, watched by metrics."""
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
            caller_share=settings.max_caller_share,
        ),
    )


def _standard_services(settings: AdmissionSettings) -> StandardServiceBounds:
    if settings.max_caller_share < 1:
        return StandardServiceBounds()
    # All callers may be one here, as behind a proxy.
    usual = StandardServiceBounds()
    return replace(usual, streams_of_address=usual.streams, checks_of_address=usual.checks)


def server_facts(settings: Settings, version: str) -> ServerFacts:
    """Return what callers are told of the server."""
    return ServerFacts(
        version=version,
        limits=ServerLimits(
            max_image_bytes=settings.vision.max_image_bytes,
            max_image_pixels=settings.vision.max_image_pixels,
            min_image_side_pixels=settings.vision.min_image_side_pixels,
            max_request_bytes=MAX_REQUEST_BYTES,
            max_answer_bytes=MAX_ANSWER_BYTES,
            default_deadline_seconds=settings.server.default_deadline_seconds,
            max_deadline_seconds=settings.server.max_deadline_seconds,
            stream_idle_seconds=settings.admission.stream_idle_seconds,
        ),
        attribute_model=settings.vision.attribute_model,
        color_weight=settings.search.color_weight,
    )


def _credentials(settings: ServerSettings, metrics: Metrics) -> grpc.ServerCredentials | None:
    if settings.tls_certificate_file is None or settings.tls_private_key_file is None:
        return None
    files = TlsFiles(
        settings.tls_certificate_file,
        settings.tls_private_key_file,
        settings.tls_client_ca_file,
    )
    return ReloadedCertificates(files, metrics.process.certificate_expiry.set).credentials()
