"""Large bodies of callers without rights, and too many of callers with them."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from gateway_process import GatewayProcess
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub
from photo_requests import analyze_request

MIB = 1 << 20
CALLERS = 12


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway that knows one token; its Triton is nowhere, and is not needed here."""
    tokens = tmp_path / "tokens"
    tokens.write_text("right\n")
    with GatewayProcess(
        tmp_path / "gateway",
        triton_mode="external",
        triton_address="127.0.0.1:1",
        token_file=tokens,
        max_bytes_in_flight=64 * MIB,
        max_caller_share=1,
    ) as running:
        yield running


def peak_memory(gateway: GatewayProcess) -> int:
    """The most memory that the process ever had, in bytes."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text(encoding="ascii")
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def push(gateway: GatewayProcess, size: int, token: str) -> Counter[grpc.StatusCode]:
    """Send a body of random bytes over many connections at a time; return the statuses."""
    request = analyze_request(os.urandom(size))

    def call(_: int) -> grpc.StatusCode:
        options = [
            ("grpc.max_send_message_length", 64 * MIB),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        with (
            grpc.insecure_channel(gateway.target, options=options) as channel,
            pytest.raises(grpc.RpcError) as raised,
        ):
            VisionServiceStub(channel).AnalyzeImage(
                request, timeout=60, metadata=(("authorization", f"Bearer {token}"),)
            )
        return raised.value.code()

    with ThreadPoolExecutor(CALLERS) as pool:
        return Counter(pool.map(call, range(CALLERS)))


def test_bodies_of_callers_without_a_valid_token_take_no_memory(gateway: GatewayProcess) -> None:
    before = peak_memory(gateway)
    codes = push(gateway, 30 * MIB, "wrong")
    assert codes == {grpc.StatusCode.UNAUTHENTICATED: CALLERS}
    # Received, they would take 360 MiB and more.
    assert peak_memory(gateway) - before < 120 * MIB


def test_bodies_of_those_with_one_are_bounded(gateway: GatewayProcess) -> None:
    before = peak_memory(gateway)
    codes = sum((push(gateway, 19 * MIB, "right") for _ in range(3)), Counter())
    assert codes.keys() <= {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes[grpc.StatusCode.INVALID_ARGUMENT] > 0  # no photos, and told so
    # Two at a time are received, each held as it came and as a message for a moment; and nothing
    # of a call is held once it has ended.
    assert peak_memory(gateway) - before < 320 * MIB
