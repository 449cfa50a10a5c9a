"""The fake that users test with: what it is told to do is what their client sees."""

import time

import grpc
import pytest

import ootd
from ootd import Client, OotdError, Photo, RetryPolicy
from ootd.testing import FakeGateway

ONCE = RetryPolicy(attempts=1)
FROM_A_GATEWAY = [
    one
    for one in (ootd.InternalError, *OotdError.__subclasses__())
    if one not in {ootd.ClosedError, ootd.UnsupportedError}
]


@pytest.mark.parametrize("kind", FROM_A_GATEWAY)
def test_the_client_sees_the_class_that_was_given(
    gateway: FakeGateway, photo: bytes, kind: type[OotdError]
) -> None:
    with Client(gateway.target, retry=ONCE) as client:
        gateway.fail_next("AnalyzeImage", kind("so it is"))
        with pytest.raises(OotdError) as unary:
            client.analyze_image(photo)
        gateway.fail_next("AnalyzeImages", kind("so it is"))
        try:
            (result,) = client.analyze_images([Photo("a", photo)])
        except OotdError as error:  # What ends a stream.
            element: OotdError | None = error
        else:
            element = result.error
    for seen in (unary.value, element):
        assert type(seen) is kind
        assert seen.message == "so it is"
        assert seen.code is kind.default_code
        assert seen.reason
        assert seen.request_id in gateway.request_ids


def test_an_unavailable_gateway_is_asked_again(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    gateway.fail_next("AnalyzeImage", ootd.UnavailableError("away"), times=2)
    assert client.analyze_image(photo).garments
    gateway.fail_next("AnalyzeImage", ootd.OverloadedError("busy"))
    assert client.analyze_image(photo).garments
    assert gateway.calls == ["AnalyzeImage"] * 5


def test_what_an_error_says_itself_stays(gateway: FakeGateway, photo: bytes) -> None:
    error = ootd.ImageError(
        "too large",
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason="IMAGE_TOO_LARGE",
        metadata={"bytes": "5"},
    )
    with Client(gateway.target, retry=ONCE) as client:
        gateway.fail_next("AnalyzeImage", error)
        with pytest.raises(ootd.ImageError) as caught:
            client.analyze_image(photo)
        assert caught.value.code is error.code
        assert (caught.value.reason, caught.value.metadata["bytes"]) == ("IMAGE_TOO_LARGE", "5")
        proxy = OotdError("upstream gone", code=grpc.StatusCode.UNAVAILABLE)
        gateway.fail_next("AnalyzeImage", proxy)
        with pytest.raises(ootd.UnavailableError, match="upstream gone") as proxied:
            client.analyze_image(photo)
        assert proxied.value.reason == ""


def test_an_unknown_method_is_refused(gateway: FakeGateway) -> None:
    error = ootd.UnavailableError("away")
    with pytest.raises(ValueError, match="no method 'AnalyseImage'; did you mean 'AnalyzeImage'"):
        gateway.fail_next("AnalyseImage", error)
    with pytest.raises(ValueError, match="no method 'upsert_item'; "):
        gateway.delay_next("upsert_item", 1)
    with pytest.raises(ValueError, match=r"there are: AnalyzeImage, .*GetServerInfo"):
        gateway.fail_next("Zzz", error)
    with pytest.raises(ValueError, match="times must be 1 or more, is 0"):
        gateway.fail_next("GetItem", error, times=0)
    with pytest.raises(ValueError, match="seconds must be 0 or more"):
        gateway.delay_next("GetItem", -1)
    with pytest.raises(TypeError, match="must be an instance of an OotdError"):
        gateway.fail_next("GetItem", ootd.UnavailableError)  # type: ignore[arg-type]
    for kind in (ootd.TlsError, ootd.NoGatewayError, ootd.ClosedError):
        with pytest.raises(ValueError, match=f"{kind.__name__} comes from the client"):
            gateway.fail_next("GetItem", kind("x"))


def test_reasons_fit_the_method(gateway: FakeGateway, photo: bytes) -> None:
    class Away(ootd.UnavailableError):
        """A class of the test's own stands for the one that it is made of."""

    gateway.fail_next("GetItem", Away("away"))
    gateway.fail_next("AnalyzeImage", Away("away"))
    with Client(gateway.target, retry=ONCE) as client:
        with pytest.raises(ootd.UnavailableError) as store:
            client.get_item("a")
        with pytest.raises(ootd.UnavailableError) as models:
            client.analyze_image(photo)
    assert store.value.reason == "STORE_UNAVAILABLE"
    assert models.value.reason == "VISION_UNAVAILABLE"


def test_calls_can_be_delayed(gateway: FakeGateway, photo: bytes) -> None:
    with Client(gateway.target, retry=ONCE) as client:
        gateway.delay_next("AnalyzeImage", 0.3)
        begin = time.monotonic()
        client.analyze_image(photo)
        assert time.monotonic() - begin >= 0.3
        gateway.delay_next("AnalyzeImage", 30, times=2)
        begin = time.monotonic()
        with pytest.raises(ootd.DeadlineExceededError):
            client.analyze_image(photo, timeout_s=0.1)
        gateway.fail_next("AnalyzeImages", ootd.UnavailableError("away"))
        gateway.delay_next("AnalyzeImages", 0.2)
        (result,) = client.analyze_images([Photo("a", photo)])
        assert isinstance(result.error, ootd.UnavailableError)
    assert time.monotonic() - begin < 10


def test_a_delay_does_not_outlast_the_gateway(photo: bytes) -> None:
    begin = time.monotonic()
    with FakeGateway() as gateway, Client(gateway.target, retry=ONCE) as client:
        gateway.delay_next("AnalyzeImage", 3600)
        with pytest.raises(ootd.DeadlineExceededError):
            client.analyze_image(photo, timeout_s=0.1)
    assert time.monotonic() - begin < 5


def test_it_knows_its_own_services_alone(gateway: FakeGateway, client: Client) -> None:
    assert client.health("ootd.v1.SearchService") == "serving"
    assert client.health("ootd.v1.Nothing") == "service_unknown"
    with pytest.raises(ValueError, match="no reason 'SOLD'; there are: INVALID_FIELD"):
        gateway.fail_next("GetItem", ootd.NotFoundError("x", reason="SOLD"))
