"""From the settings to what the connection to Triton needs."""

from ootd_gateway.process.settings import Settings
from ootd_gateway.types import AttributeModel
from ootd_gateway.vision.triton import VisionOptions
from ootd_gateway.vision.triton_connection import ConnectionOptions
from ootd_gateway.vision.triton_replica import Patience
from ootd_gateway.vision.triton_security import SecurityFiles


def vision_options(settings: Settings) -> VisionOptions:
    """Return how Triton is used. An embedded one may take its time to start without a warning."""
    embedded = settings.triton_mode == "embedded"
    return VisionOptions(
        concurrency=settings.vision_concurrency,
        bulk_share=settings.bulk_share,
        bulk_yield_s=settings.bulk_yield_seconds,
        bulk_patience_s=settings.bulk_patience_seconds,
        caller_share=settings.max_caller_share,
        attribute_model=AttributeModel(settings.attribute_model),
        patience=Patience(
            silent_s=settings.triton_silent_seconds,
            photo_s=settings.triton_photo_seconds,
            start_s=settings.triton_start_seconds if embedded else 0.0,
        ),
        connection=ConnectionOptions(
            security=SecurityFiles(
                tls=settings.triton_tls,
                root_certificates=settings.triton_root_certificates_file,
                certificate_chain=settings.triton_client_certificate_file,
                private_key=settings.triton_client_key_file,
                token=settings.triton_token_file,
            ),
            keepalive_s=settings.triton_keepalive_seconds,
            max_message_bytes=settings.triton_max_message_bytes,
        ),
    )
