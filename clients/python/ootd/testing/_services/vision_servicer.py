"""VisionService, as a FakeGateway has it."""

from collections.abc import Iterator
from typing import Any

import grpc

from ootd._services.vision.types import Taxonomy
from ootd._shared.garment_conversion import super_category_to_proto
from ootd.errors import OotdError
from ootd.testing import _limits, _made_up_vision, _to_proto, _validation
from ootd.testing._answering import answer, begin_stream, break_or_fill
from ootd.testing._services.service import FakeService, State
from ootd.v1 import taxonomy_pb2
from ootd.v1 import vision_service_pb2 as vision
from ootd.v1.vision_service_pb2_grpc import (
    VisionServiceServicer,
    add_VisionServiceServicer_to_server,
)

# ruff: noqa: N802 - methods are named by the contract


class _Vision(VisionServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def AnalyzeImage(
        self, request: vision.AnalyzeImageRequest, context: grpc.ServicerContext
    ) -> vision.AnalyzeImageResponse:
        def make() -> vision.AnalyzeImageResponse:
            found = _validation.Violations()
            _validation.photo(request.photo, "photo", found)
            found.check()
            analysis = self._state.garments(request.photo)
            return vision.AnalyzeImageResponse(analysis=_to_proto.analysis(analysis))

        return answer(self._state, "AnalyzeImage", context, make)

    def AnalyzeImages(
        self, request_iterator: Any, context: grpc.ServicerContext
    ) -> Iterator[vision.AnalyzeImagesResponse]:
        request_id = begin_stream(self._state, context)
        for request in request_iterator:
            name = request.correlation_id[: _limits.CORRELATION_ID_BYTES]
            response = vision.AnalyzeImagesResponse(correlation_id=name)
            try:
                self._state.check("AnalyzeImages")
                _check_element(request)
                analysis = self._state.garments(request.photo)
                response.analysis.CopyFrom(_to_proto.analysis(analysis))
            except OotdError as error:
                break_or_fill(error, response.error, request_id, context)
            yield response

    def GetTaxonomy(
        self, request: vision.GetTaxonomyRequest, context: grpc.ServicerContext
    ) -> vision.GetTaxonomyResponse:
        del request  # It has no fields.
        names = _taxonomy(_made_up_vision.TAXONOMY)
        response = vision.GetTaxonomyResponse(taxonomy=names)
        return answer(self._state, "GetTaxonomy", context, lambda: response)


def _check_element(request: vision.AnalyzeImagesRequest) -> None:
    """Raise InvalidRequestError for an element that is none."""
    found = _validation.Violations()
    size = len(request.correlation_id.encode())
    told = f"must have at most {_limits.CORRELATION_ID_BYTES} bytes, has {size}"
    found.require(size <= _limits.CORRELATION_ID_BYTES, "correlation_id", told)
    _validation.photo(request.photo, "photo", found)
    found.check()


def _taxonomy(one: Taxonomy) -> taxonomy_pb2.Taxonomy:
    """Return the message of a taxonomy."""
    return taxonomy_pb2.Taxonomy(
        version=one.version,
        categories=[
            taxonomy_pb2.Category(
                super_category=super_category_to_proto(each.super_category),
                name=each.name,
                sub_categories=each.sub_categories,
            )
            for each in one.categories
        ],
        attribute_groups=[
            taxonomy_pb2.AttributeGroup(
                name=each.name,
                kind=taxonomy_pb2.AttributeGroup.Kind.Value(f"KIND_{each.kind.upper()}"),
                values=each.values,
                sub_categories=each.sub_categories,
                trained=each.trained,
            )
            for each in one.attribute_groups
        ],
    )


SERVICE = FakeService(
    vision.DESCRIPTOR.services_by_name["VisionService"],
    lambda state, server: add_VisionServiceServicer_to_server(_Vision(state), server),
)
