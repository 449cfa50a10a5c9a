"""Encryption: certificates of both sides, and faults that are told as what they are."""

import http.server
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from certificates import Certificates, make_certificates

import ootd
from ootd import AsyncClient, Client, ClientCertificate
from ootd.testing import FakeGateway

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def encrypted(made: Certificates) -> Iterator[FakeGateway]:
    pairs = [(made.server.key, made.server.certificate)]
    with FakeGateway(credentials=grpc.ssl_server_credentials(pairs)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def mutual(made: Certificates) -> Iterator[FakeGateway]:
    credentials = grpc.ssl_server_credentials(
        [(made.server.key, made.server.certificate)],
        root_certificates=made.authority,
        require_client_auth=True,
    )
    with FakeGateway(credentials=credentials) as gateway:
        yield gateway


@pytest.fixture(params=["127.0.0.1", "localhost"])
def host(request: pytest.FixtureRequest) -> str:
    """localhost has two addresses here, and nothing listens at one of them."""
    return str(request.param)


def at(host: str, gateway: FakeGateway) -> str:
    return f"{host}:{gateway.target.rpartition(':')[2]}"


def test_a_client_certificate_is_shown(mutual: FakeGateway, made: Certificates, host: str) -> None:
    own = ClientCertificate(made.client.certificate, made.client.key)
    with Client(
        at(host, mutual), root_certificates=made.authority, client_certificate=own
    ) as client:
        assert client.taxonomy().categories


async def test_a_client_certificate_is_shown_within_asyncio(
    mutual: FakeGateway, made: Certificates
) -> None:
    own = ClientCertificate(made.client.certificate, made.client.key)
    async with AsyncClient(
        mutual.target, root_certificates=made.authority, client_certificate=own
    ) as client:
        assert (await client.taxonomy()).categories


def test_another_name_of_the_server(encrypted: FakeGateway, made: Certificates) -> None:
    with Client(
        encrypted.target, root_certificates=made.authority, server_name="ootd.test"
    ) as client:
        assert client.taxonomy().categories


Options = Callable[[Certificates], dict[str, Any]]
FAULTS: dict[str, tuple[str, Options, str]] = {
    "nobody's authority": (
        "encrypted",
        lambda made: {"tls": True},
        "certificate of .* is not trusted: .*pass the authority's certificate as root_certificates",
    ),
    "another authority": (
        "encrypted",
        lambda made: {"root_certificates": made.stranger.certificate},
        "certificate of .* is not trusted: .*root_certificates holds another authority",
    ),
    "another name": (
        "encrypted",
        lambda made: {"root_certificates": made.authority, "server_name": "other.test"},
        "is not for the name other.test; pass its name as server_name",
    ),
    "no certificate": (
        "mutual",
        lambda made: {"root_certificates": made.authority},
        "requires a client certificate: pass client_certificate",
    ),
    "a stranger's certificate": (
        "mutual",
        lambda made: {
            "root_certificates": made.authority,
            "client_certificate": ClientCertificate(made.stranger.certificate, made.stranger.key),
        },
        "does not accept the client certificate",
    ),
    "a key of another certificate": (
        "mutual",
        lambda made: {
            "root_certificates": made.authority,
            "client_certificate": ClientCertificate(made.client.certificate, made.stranger.key),
        },
        "private key must belong to it",
    ),
    "no TLS here": ("encrypted", lambda made: {}, "speaks TLS: pass tls=True"),
    "no TLS here, and a certificate is wanted": (
        "mutual",
        lambda made: {},
        "speaks TLS: pass tls=True|requires a client certificate",
    ),
    "no TLS there": (
        "gateway",
        lambda made: {"root_certificates": made.authority},
        "speaks no TLS: leave out tls",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_as_what_it_is(
    case: str, host: str, made: Certificates, request: pytest.FixtureRequest
) -> None:
    name, options, message = FAULTS[case]
    server = request.getfixturevalue(name)
    with Client(at(host, server), **options(made)) as client:
        begin = time.monotonic()
        for _ in range(2):  # The second call says the same.
            with pytest.raises(ootd.TlsError, match=message) as caught:
                client.taxonomy()
            assert caught.value.code is grpc.StatusCode.UNAVAILABLE
            assert len(caught.value.request_id) == 32
        with pytest.raises(ootd.TlsError, match=message):
            list(client.analyze_images([ootd.Photo("a", b"\xff\xd8\xff")]))
        assert time.monotonic() - begin < 7.5  # Nothing is made again for the whole patience.


@pytest.mark.skipif(
    tuple(map(int, grpc.__version__.split(".")[:2])) < (1, 70),
    reason="older versions of gRPC's core say that the handshake failed, but not why",
)
def test_a_certificate_that_changed_is_told(made: Certificates) -> None:
    """A client that had answers before is told by gRPC's own words alone."""
    first = grpc.ssl_server_credentials([(made.server.key, made.server.certificate)])
    other = grpc.ssl_server_credentials([(made.stranger.key, made.stranger.certificate)])
    with (
        FakeGateway(credentials=first) as gateway,
        Client(gateway.target, root_certificates=made.authority) as client,
    ):
        client.taxonomy()
        gateway.stop()
        port = int(gateway.target.rpartition(":")[2])
        with (
            FakeGateway(credentials=other, port=port),
            pytest.raises(ootd.TlsError, match="is not trusted"),
        ):
            client.taxonomy()


async def test_a_fault_within_asyncio(encrypted: FakeGateway) -> None:
    async with AsyncClient(encrypted.target, tls=True) as client:
        with pytest.raises(ootd.TlsError, match="is not trusted"):
            await client.taxonomy()


def test_nothing_at_the_address_is_no_fault_of_tls(made: Certificates) -> None:
    with FakeGateway() as gone:
        target = gone.target
    quick = ootd.RetryPolicy(attempts=1)
    with (
        Client(target, root_certificates=made.authority, retry=quick) as client,
        pytest.raises(ootd.UnavailableError) as caught,
    ):
        client.taxonomy()
    assert type(caught.value) is ootd.UnavailableError


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and writes no log."""

    def log_message(self, *_: Any) -> None:
        pass


def test_a_server_of_another_kind_is_told() -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with (
            Client(f"127.0.0.1:{server.server_port}") as client,
            pytest.raises(ootd.UnavailableError) as caught,
        ):
            client.taxonomy()
        if caught.value.message != "connections to all backends failing":  # By older grpc.
            assert isinstance(caught.value, ootd.NoGatewayError)
            assert "is no gRPC server" in caught.value.message
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((b"x", b"y"), ValueError, "certificate_chain holds no PEM block of a certificate"),
        (("a.pem", b"y"), TypeError, r"certificate_chain must be the bytes .*read_bytes"),
        (
            (b"-----BEGIN CERTIFICATE-----", b"-----BEGIN ENCRYPTED PRIVATE KEY-----"),
            ValueError,
            "private_key is encrypted",
        ),
    ],
)
def test_what_is_no_certificate_is_refused(
    arguments: tuple[bytes, bytes], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ClientCertificate(*arguments)


def test_what_is_no_root_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="root_certificates holds no PEM block"):
        Client(root_certificates=b"garbage")
    with pytest.raises(TypeError, match="root_certificates must be the bytes"):
        Client(root_certificates="ca.pem")  # type: ignore[arg-type]


def test_private_keys_are_not_shown(made: Certificates) -> None:
    own = ClientCertificate(made.client.certificate, made.client.key)
    assert "PRIVATE" not in repr(own)


def test_grpcs_core_writes_nothing_to_the_terminal(encrypted: FakeGateway) -> None:
    """In a process of its own, where grpc is imported by ootd alone."""
    code = (
        "import ootd\n"
        f"client = ootd.Client({encrypted.target!r}, tls=True)\n"
        "try: client.taxonomy()\n"
        "except ootd.TlsError as error: print(error)\n"
        "client.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "is not trusted" in done.stdout
    assert done.stderr == ""
