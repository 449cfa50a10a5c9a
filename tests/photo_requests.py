"""Requests of one photo each, as stubs send them."""

from typing import Any

from ootd.v1.photo_pb2 import Photo
from ootd.v1.search_service_pb2 import SearchByImageRequest
from ootd.v1.vision_service_pb2 import AnalyzeImageRequest, AnalyzeImagesRequest


def analyze_request(image: bytes, **known: Any) -> AnalyzeImageRequest:
    """AnalyzeImage; `known` is the photo's guide and options."""
    return AnalyzeImageRequest(photo=Photo(image=image, **known))


def stream_request(image: bytes, correlation_id: str = "", **known: Any) -> AnalyzeImagesRequest:
    """One photo of AnalyzeImages; `known` is the photo's guide and options."""
    return AnalyzeImagesRequest(correlation_id=correlation_id, photo=Photo(image=image, **known))


def search_request(
    image: bytes, *, guide: Any = None, options: Any = None, **hits: Any
) -> SearchByImageRequest:
    """SearchByImage; `hits` are the other fields."""
    return SearchByImageRequest(photo=Photo(image=image, guide=guide, options=options), **hits)
