"""What holds for every call: token, request id, size, deadline, unknown methods, health."""

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from contract_calls import METHODS, SERVICES, STREAMS, ContractCalls, request_of
from contract_requests import STORED_ID, base_request, embedding_source, photo
from grpc_health.v1 import health_pb2

from standard_stubs import health_stub
from statuses import failure_of, trailing_of

TOKEN = "contract-token"
"""What gateways under this contract are to be started with."""

MEBIBYTE = 1024 * 1024
PHOTO_METHODS = frozenset(
    {"AnalyzeImage", "AnalyzeImages", "SearchByImage", "UpsertItem", "UpsertItems"}
)


def refused(calls: ContractCalls, method: str, message: Any, **options: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        calls.exchange(method, [message], **options)
    return caught.value


def good_request(method: str) -> Any:
    return request_of(method, **base_request(method))


def bearer(token: str = TOKEN) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def with_request_id(request_id: str) -> list[tuple[str, str]]:
    return [*bearer(), ("x-request-id", request_id)]


class CallsContract:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize(
        "metadata",
        [
            [],
            bearer("another"),
            [("authorization", "Bearer")],
            [("authorization", TOKEN)],
            [("authorization", f"Basic {TOKEN}")],
        ],
        ids=["none", "wrong", "empty", "bare", "basic"],
    )
    def test_a_call_without_a_valid_token(
        self, calls: ContractCalls, method: str, metadata: list[tuple[str, str]]
    ) -> None:
        sent = [*metadata, ("x-request-id", "asked")]
        failure = failure_of(refused(calls, method, good_request(method), metadata=sent))
        assert failure.code is grpc.StatusCode.UNAUTHENTICATED
        assert failure.reason == "UNAUTHENTICATED"
        assert failure.metadata == {"request_id": "asked"}

    def test_the_scheme_of_a_token_has_any_case(self, calls: ContractCalls) -> None:
        for scheme in ("bearer", "BEARER"):
            calls.exchange(
                "ListItems",
                [good_request("ListItems")],
                metadata=[("authorization", f"{scheme} {TOKEN}")],
            )

    def test_the_token_goes_before_the_message(self, calls: ContractCalls) -> None:
        failure = failure_of(refused(calls, "GetItem", b"\xff\xff", metadata=[]))
        assert failure.reason == "UNAUTHENTICATED"

    @pytest.mark.parametrize("method", METHODS)
    def test_an_answer_carries_the_request_id(self, calls: ContractCalls, method: str) -> None:
        calls("UpsertItem", item_id=STORED_ID, embedding=embedding_source())
        request_id = "aZ09._-" * 9
        _, trailing = calls.exchange(
            method, [good_request(method)], metadata=with_request_id(request_id)
        )
        assert trailing["x-request-id"] == request_id

    def test_a_failure_carries_the_request_id(self, calls: ContractCalls) -> None:
        message = request_of("GetItem", item_id="absent")
        error = refused(calls, "GetItem", message, metadata=with_request_id("mine"))
        assert trailing_of(error)["x-request-id"] == "mine"
        assert failure_of(error).metadata["request_id"] == "mine"
        for method in STREAMS:
            (answer,), trailing = calls.exchange(
                method, [request_of(method)], metadata=with_request_id("mine")
            )
            assert trailing["x-request-id"] == "mine"
            assert answer.error.metadata["request_id"] == "mine"

    @pytest.mark.parametrize("odd", [None, "", "a b", "x" * 65, "a/b"])
    def test_without_a_sane_request_id_there_is_a_new_one(
        self, calls: ContractCalls, odd: str | None
    ) -> None:
        metadata = bearer() if odd is None else with_request_id(odd)
        ids = set()
        for _ in range(2):
            message = request_of("GetItem", item_id="absent")
            error = refused(calls, "GetItem", message, metadata=metadata)
            told = failure_of(error).metadata["request_id"]
            assert told == trailing_of(error)["x-request-id"]
            ids.add(told)
        assert len(ids) == 2
        assert not {"", odd} & ids

    @pytest.mark.parametrize("method", METHODS)
    def test_bytes_that_are_no_message(self, calls: ContractCalls, method: str) -> None:
        failure = failure_of(refused(calls, method, b"\xff\xff\xff"))
        assert (failure.code, failure.reason) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        )
        assert list(failure.violations) == ["request"]
        assert "Error" not in failure.message
        assert failure.metadata["request_id"]

    @pytest.mark.parametrize("method", sorted(METHODS.keys() - PHOTO_METHODS))
    def test_a_small_request_has_a_mebibyte_at_most(
        self, calls: ContractCalls, method: str
    ) -> None:
        calls("UpsertItem", item_id=STORED_ID, embedding=embedding_source())
        message = good_request(method).SerializeToString()
        # A field that is not known is passed over: number 1000, of as many bytes as are missing.
        room = MEBIBYTE - len(message) - 5
        most = message + b"\xc2\x3e" + varint(room) + bytes(room)
        assert len(most) == MEBIBYTE
        calls.exchange(method, [most])
        failure = failure_of(refused(calls, method, most + b"\xc2\x3e\x00"))
        assert (failure.code, failure.reason) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        )
        assert list(failure.violations) == ["request"]

    @pytest.mark.parametrize("method", ["AnalyzeImage", "UpsertItems"])
    def test_a_request_of_more_than_32_mebibytes(self, calls: ContractCalls, method: str) -> None:
        error = refused(calls, method, bytes(32 * MEBIBYTE + 1))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reasons_of(error) == []

    @pytest.mark.parametrize(
        "path", ["/ootd.v1.CatalogService/SellItem", "/ootd.v1.SalesService/GetItem"]
    )
    def test_an_unknown_method(self, calls: ContractCalls, path: str) -> None:
        call: Any = calls.channel.unary_unary(path)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=10, metadata=bearer())
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert reasons_of(caught.value) == []

    def test_a_deadline_that_passes(self, calls: ContractCalls) -> None:
        ended = threading.Event()

        def one_and_no_more() -> Iterator[Any]:
            """The stream stays open, so that only its deadline can end it."""
            yield good_request("UpsertItems")
            ended.wait(30)

        try:
            with pytest.raises(grpc.RpcError) as caught:
                calls.exchange("UpsertItems", one_and_no_more(), seconds=0.5)
        finally:
            ended.set()
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert calls("AnalyzeImage", photo={"image": photo()}).analysis.garments

    def test_everyone_may_ask_for_health(self, calls: ContractCalls) -> None:
        health = health_stub(calls.channel)
        for name in ("", *(one.full_name for one in SERVICES)):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as caught:
            health.Check(health_pb2.HealthCheckRequest(service="ootd.v1.Nothing"), timeout=10)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    def test_the_server_tells_what_it_is(self, calls: ContractCalls) -> None:
        info = calls("GetServerInfo")
        for field in ("version", "minimum_client_version", "vector_fingerprint", "vision_server"):
            assert getattr(info, field)
        assert info.attribute_model in {1, 2}
        assert 0 <= info.color_weight <= 1
        limits = info.limits
        assert limits.max_image_bytes == 20 * MEBIBYTE
        assert limits.max_image_pixels == 50_000_000
        assert limits.min_image_side == 16
        assert limits.max_request_bytes == 32 * MEBIBYTE
        assert limits.max_answer_bytes == 24 * MEBIBYTE
        assert 0 < limits.default_deadline_seconds <= limits.max_deadline_seconds


def varint(number: int) -> bytes:
    """A number of 14 to 21 bits as messages write it, in three bytes."""
    return bytes([number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14])


def reasons_of(error: grpc.RpcError) -> list[str]:
    """The reasons of a status that the contract's gateways gave; none where gRPC refused itself."""
    if "grpc-status-details-bin" not in trailing_of(error):
        return []
    return [failure_of(error).reason]
