"""From the settings to what photos may be and how Triton is used."""

from ootd_gateway.images.header import ImageLimits
from ootd_gateway.vision.settings import VisionSettings
from ootd_gateway.vision.triton_connection import ConnectionOptions
from ootd_gateway.vision.triton_replica import Patience
from ootd_gateway.vision.triton_security import SecurityFiles
from ootd_gateway.vision.triton_vision import VisionOptions


def vision_options(settings: VisionSettings, *, caller_share: float) -> VisionOptions:
    """Return how Triton is used. An embedded one may take its time to start without a warning."""
    embedded = settings.triton_mode == "embedded"
    return VisionOptions(
        concurrency=settings.vision_concurrency,
        bulk_share=settings.bulk_share,
        bulk_yield_s=settings.bulk_yield_seconds,
        bulk_patience_s=settings.bulk_patience_seconds,
        caller_share=caller_share,
        attribute_model=settings.attribute_model,
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


def image_limits(settings: VisionSettings) -> ImageLimits:
    """Return what photos may be."""
    return ImageLimits(
        max_bytes=settings.max_image_bytes,
        max_pixels=settings.max_image_pixels,
        min_side=settings.min_image_side_pixels,
    )
