import pytest

from ootd.channel import DEFAULT_TARGET, Connection


@pytest.mark.parametrize(
    ("target", "address", "host", "local"),
    [
        (DEFAULT_TARGET, "dns:///localhost:8500", "localhost", True),
        ("127.0.0.2:1", "dns:///127.0.0.2:1", "127.0.0.2", True),
        ("[::1]:8500", "dns:///[::1]:8500", "::1", True),
        ("gateway.shop:443", "dns:///gateway.shop:443", "gateway.shop", False),
        ("dns:///gateway:443", "dns:///gateway:443", "gateway", False),
        ("10.0.0.1:8500", "dns:///10.0.0.1:8500", "10.0.0.1", False),
        ("unix:/run/ootd.sock", "unix:/run/ootd.sock", "", True),
    ],
)
def test_targets(target: str, address: str, host: str, *, local: bool) -> None:
    connection = Connection(target)
    assert (connection.address, connection.host, connection.is_local) == (address, host, local)


@pytest.mark.parametrize(
    "target", ["", "localhost", "localhost:", "localhost:0", "localhost:99999", "http://a:1", "a:b"]
)
def test_what_is_no_target_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        Connection(target)


def test_all_addresses_of_a_host_take_turns() -> None:
    options = dict(Connection("gateway:1").options())
    assert "round_robin" in str(options["grpc.service_config"])
    assert options["grpc.max_send_message_length"] == 32 * 2**20
    assert "grpc.enable_http_proxy" not in options
    assert dict(Connection("localhost:1").options())["grpc.enable_http_proxy"] == 0
