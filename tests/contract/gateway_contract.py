"""What every gateway must do, whoever made it: the fake that users test with, and the real one.

Written against an address alone, after the comments of protos/. A gateway's tests subclass
`GatewayContract` with a fixture `address` (of class scope or wider), where a gateway answers that

- takes the token `TOKEN`, is set as gateways come, and has an empty catalogue for these tests;
- sees at least two garments in `contract_requests.photo()`, and none in `photo_of_nothing()`.
"""

from collections.abc import Iterator

import grpc
import pytest
from contract_calls import ContractCalls
from gateway_contract_calls import TOKEN, CallsContract
from gateway_contract_client import ClientContract
from gateway_contract_fields import FieldsContract
from gateway_contract_photos import PhotosContract
from gateway_contract_reads import ReadsContract
from gateway_contract_searches import SearchesContract
from gateway_contract_upserts import UpsertsContract

__all__ = ["TOKEN", "GatewayContract"]


class GatewayContract(
    FieldsContract,
    UpsertsContract,
    ReadsContract,
    SearchesContract,
    PhotosContract,
    CallsContract,
    ClientContract,
):
    """All parts of the contract."""

    @pytest.fixture(scope="class")
    @classmethod
    def shared_calls(cls, address: str) -> Iterator[ContractCalls]:
        unlimited = ("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)
        with grpc.insecure_channel(address, options=unlimited) as channel:
            yield ContractCalls(channel, TOKEN)

    @pytest.fixture(autouse=True)
    def calls(self, shared_calls: ContractCalls) -> Iterator[ContractCalls]:
        """Calls of a gateway whose catalogue is empty before each test."""
        yield shared_calls
        while items := shared_calls("ListItems", page_size=1000, item_fields=_IDS).items:
            shared_calls("DeleteItems", item_ids=[one.item_id for one in items])


_IDS = {"paths": ["item_id"]}
