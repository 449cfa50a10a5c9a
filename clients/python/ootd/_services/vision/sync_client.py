"""The client of VisionService."""

from collections.abc import Generator, Mapping

from ootd import _faults
from ootd._ledger import Ledger
from ootd._services.vision import conversion
from ootd._services.vision.types import Photo, PhotoResult, Taxonomy
from ootd._shared.garment import ImageAnalysis, Region
from ootd._shared.garment_conversion import analysis_from_proto
from ootd._shared.names import AttributeModel, SuperCategory
from ootd._shared.photo import ImageSource
from ootd._shared.photo_conversion import photo_to_proto
from ootd._sync import elements
from ootd._sync.runtime import Source, closing, load_image
from ootd._sync.service import ServiceClient
from ootd.v1 import vision_service_pb2
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub


class VisionClient(ServiceClient):
    """What is in photos: `Client.vision`."""

    def analyze_image(
        self: ServiceClient,
        image: ImageSource,
        *,
        category: SuperCategory | None = None,
        region: Region | None = None,
        score_threshold: float | None = None,
        attribute_model: AttributeModel | None = None,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ImageAnalysis:
        """Find the garments of one photo; none where it shows none, and `dropped` then says why.

        `category` or `region`, not both, says what is already known: only garments of this
        super-category are wanted, or this rectangle holds the garment. `score_threshold` is the
        lowest detector score of a garment, 0 to 1, and `attribute_model` what tells sub-category
        and attributes; None is what the gateway is set to. Below the gateway's own threshold all
        detections are answered, at most 50 with those that were dropped.

        Raises InvalidRequestError, ImageError, FailedPreconditionError (the attribute model is not
        served), OverloadedError, UnavailableError, DeadlineExceededError; OSError where a file
        cannot be read, ValueError or TypeError for a photo, guide or model that is none.
        """
        photo = photo_to_proto(category, region, score_threshold, attribute_model)
        photo.image = load_image(image)
        request = vision_service_pb2.AnalyzeImageRequest(photo=photo)
        method = self._calls.stub(VisionServiceStub).AnalyzeImage
        response = self._calls.unary(method, request, timeout_s, metadata)
        return analysis_from_proto(response.analysis)

    def analyze_images(
        self: ServiceClient,
        photos: Source[Photo],
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Generator[PhotoResult, None, None]:
        """Find the garments of many photos over one stream; yield the answers in their order.

        The next photos are sent while the first are worked on; photos are taken from the iterable
        as the gateway has room for them. A photo that cannot be read, sent or analysed is answered
        with its error, and the stream goes on. What the iterable itself raises comes out after the
        last answer.

        Raises UnavailableError or OverloadedError where the stream breaks (photos that were not
        answered can be sent again), and DeadlineExceededError where an answer takes longer than
        `timeout_s`.
        """
        _faults.check_source(photos)
        ledger = Ledger()
        limit_bytes = self._calls.connection.max_send_bytes
        requests = elements.requests(photos, _photo_request, "correlation_id", ledger, limit_bytes)
        method = self._calls.stub(VisionServiceStub).AnalyzeImages
        with closing(
            self._calls.exchange(method, requests, ledger, timeout_s, metadata)
        ) as exchange:
            for key, answer, error in exchange:
                analysis = analysis_from_proto(answer.analysis) if answer else None
                yield PhotoResult(key, analysis, error)

    def taxonomy(
        self: ServiceClient,
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Taxonomy:
        """Return the names of all categories and attributes that the served models know.

        Raises UnavailableError, DeadlineExceededError.
        """
        request = vision_service_pb2.GetTaxonomyRequest()
        method = self._calls.stub(VisionServiceStub).GetTaxonomy
        response = self._calls.unary(method, request, timeout_s, metadata)
        return conversion.taxonomy_from_proto(response.taxonomy)


def _photo_request(photo: Photo) -> vision_service_pb2.AnalyzeImagesRequest:
    """Return the request for one photo of a stream.

    Raises OSError, ImageError, InvalidRequestError, ValueError or TypeError for one that is none.
    """
    if not isinstance(photo, Photo):
        raise TypeError("elements must be ootd.Photo")
    return conversion.element_to_proto(photo, load_image(photo.image))
