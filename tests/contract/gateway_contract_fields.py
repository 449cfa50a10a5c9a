"""Each field of each request: what is taken, and which paths are told of what is not."""

import grpc
import pytest
from contract_calls import STREAMS, ContractCalls
from contract_requests import BAG, STORED_ID, UPSERTS, embedding_source
from field_limits import FieldCase, field_cases

# What a request without a fault may still end with, as there is no such item or garment.
_NO_FAULTS = {"ITEM_NOT_FOUND", "NO_MATCHING_GARMENT"}


class FieldsContract:
    @pytest.fixture
    def stored(self, calls: ContractCalls) -> None:
        calls("UpsertItem", item_id=STORED_ID, embedding=embedding_source())

    @pytest.mark.parametrize("case", field_cases(), ids=str)
    def test_a_field_within_and_beyond_its_limits(
        self, calls: ContractCalls, stored: None, case: FieldCase
    ) -> None:
        if case.faults:
            failure = calls.failure(case.method, **case.fields())
            assert (failure.code, failure.reason) == (
                grpc.StatusCode.INVALID_ARGUMENT,
                "INVALID_FIELD",
            )
            assert sorted(failure.violations) == sorted(case.faults)
            assert all(failure.violations.values())
            assert failure.message.isprintable()
            assert failure.metadata["request_id"]
            return
        try:
            answer = calls(case.method, **case.fields())
        except grpc.RpcError:
            assert calls.failure(case.method, **case.fields()).reason in _NO_FAULTS
            return
        if case.method in STREAMS and answer.WhichOneof("result") == "error":
            assert calls.failure(case.method, **case.fields()).reason in _NO_FAULTS

    @pytest.mark.parametrize("method", UPSERTS)
    @pytest.mark.parametrize("bad", ["jeans", "spacesuit", "Clutch"])
    def test_a_sub_category_belongs_to_its_super_category(
        self, calls: ContractCalls, method: str, bad: str
    ) -> None:
        source = embedding_source(category=BAG, sub_category="clutch")
        assert calls(method, item_id="a", embedding=source).item.garment.sub_category == "clutch"
        failure = calls.failure(
            method, item_id="a", embedding=embedding_source(category=BAG, sub_category=bad)
        )
        assert (failure.code, failure.reason) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        )
        assert list(failure.violations) == ["embedding.sub_category"]

    def test_more_violations_than_a_status_holds(self, calls: ContractCalls) -> None:
        failure = calls.failure("DeleteItems", item_ids=["a b"] * 1000)
        assert failure.reason == "INVALID_FIELD"
        assert {"item_ids[0]", "item_ids[1]"} <= set(failure.violations)

    def test_long_texts_come_back_short(self, calls: ContractCalls) -> None:
        failure = calls.failure("GetItem", item_id="x" * 100_000)
        assert list(failure.violations) == ["item_id"]
        assert "100000" in failure.violations["item_id"]
        (item,) = calls.stream("UpsertItems", [{"item_id": "x" * 100_000}])
        assert item.item_id == "x" * 128
        (analysis,) = calls.stream("AnalyzeImages", [{"correlation_id": "x" * 100_000}])
        assert analysis.correlation_id == "x" * 256

    def test_a_refused_item_changes_nothing(self, calls: ContractCalls, stored: None) -> None:
        before = calls("GetItem", item_id=STORED_ID).item
        for method in UPSERTS:
            calls.failure(method, item_id=STORED_ID, embedding=embedding_source(category=9))
        assert calls("GetItem", item_id=STORED_ID).item == before
