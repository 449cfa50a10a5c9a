"""Where the gateway is, how it is reached, and what is said where it is not."""

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from ootd_command import Cli

from ootd import OotdError
from ootd.testing import FakeGateway
from ootd.testing._services.registry import add_services

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def other() -> Iterator[FakeGateway]:
    with FakeGateway() as running:
        yield running


@pytest.mark.parametrize(
    "arguments",
    [
        ("--server", "HERE", "status"),
        ("status", "--server", "HERE"),
        ("-s", NOWHERE, "status", "-s", "HERE"),
        ("-s", "HERE", "item", "list"),
        ("item", "-s", "HERE", "list"),
        ("item", "list", "-s", "HERE"),
        ("-s", NOWHERE, "item", "-s", NOWHERE, "list", "-s", "HERE"),
    ],
)
def test_the_connection_stands_before_or_after_the_subcommand(
    gateway: FakeGateway, arguments: tuple[str, ...]
) -> None:
    texts = [gateway.target if one == "HERE" else one for one in arguments]
    result = Cli(NOWHERE)(*texts)
    assert result.exit_code == 0, result.output
    assert gateway.calls


def test_what_is_typed_counts_more_than_the_environment(
    gateway: FakeGateway, other: FakeGateway
) -> None:
    assert Cli(other.target)("-s", gateway.target, "item", "list").exit_code == 0
    assert gateway.calls == ["ListItems"]
    assert other.calls == []


def test_help_has_the_same_options_everywhere(cli: Cli) -> None:
    texts = [cli(*command, "--help").stdout for command in ((), ("status",), ("item", "get"))]
    for option in ("--server", "--token", "--tls", "--client-key", "--allow-plaintext-token"):
        assert all(option in text for text in texts), option


def test_a_token_is_not_sent_over_a_network_in_plaintext() -> None:
    remote = Cli("gateway.invalid:8500")
    result = remote("status", "--token", "secret")
    assert result.exit_code == 2
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", result.stderr).split())
    assert "plaintext" in text
    advised = re.findall(r"--[a-z-]+", text.split("plaintext:")[1])
    assert advised == ["--tls", "--allow-plaintext-token"]
    assert all(one in remote("status", "--help").stdout for one in advised)
    allowed = remote("status", "--token", "secret", "--allow-plaintext-token", "--timeout", "1")
    assert allowed.exit_code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("taxonomy",),
        ("analyze", "PHOTO"),
        ("analyze", "PHOTO", "PHOTO"),
        ("search", "PHOTO"),
        ("search", "PHOTO", "PHOTO"),
        ("search", "--item", "a"),
        ("ingest", "FOLDER"),
        ("item", "list"),
        ("item", "get", "a"),
        ("item", "put", "a", "PHOTO"),
        ("item", "delete", "a"),
    ],
)
class TestEveryCommand:
    def texts(self, arguments: tuple[str, ...], photos: list[Path]) -> list[str]:
        places = {"PHOTO": str(photos[0]), "FOLDER": str(photos[0].parent)}
        return [places.get(one, one) for one in arguments]

    def test_ends_alike_with_a_wrong_token(
        self, arguments: tuple[str, ...], photos: list[Path]
    ) -> None:
        with FakeGateway(token="right") as gateway:
            result = Cli(gateway.target)(*self.texts(arguments, photos), "--token", "wrong")
        assert result.exit_code == 4, result.output
        assert "wants a valid token" in result.stderr
        assert result.stderr.count("valid token") <= 2

    def test_ends_alike_without_a_gateway(
        self, nobody: Cli, arguments: tuple[str, ...], photos: list[Path]
    ) -> None:
        result = nobody(*self.texts(arguments, photos), "--timeout", "1")
        assert result.exit_code == 3, result.output
        assert result.stderr.count("No gateway answers at 127.0.0.1:") == 1
        assert "`make up`" in result.stderr

    def test_tells_what_is_no_gateway(self, arguments: tuple[str, ...], photos: list[Path]) -> None:
        server = grpc.server(ThreadPoolExecutor(2))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        result = Cli(f"127.0.0.1:{port}")(*self.texts(arguments, photos))
        server.stop(None).wait()
        assert result.exit_code == 3, result.output
        assert result.stderr.count("is no OOTD gateway") == 1


def test_a_folder_without_a_gateway_is_one_sentence(nobody: Cli, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.jpg").write_bytes(b"\xff\xd8\xff photo")
    for command in ("analyze", "search"):
        result = nobody(command, tmp_path, "--timeout", "1")
        assert result.exit_code == 3
        assert len(result.stderr.splitlines()) == 2, result.stderr
        assert "40 of 40 photos were left undone" in result.stderr
        lines = nobody.lines(command, tmp_path, "--timeout", "1", exit_code=3)
        assert [line["error"]["code"] for line in lines] == ["UNAVAILABLE"] * 40


def test_a_gateway_that_cannot_work_is_told_once(
    cli: Cli, gateway: FakeGateway, photos: list[Path]
) -> None:
    away = OotdError(
        "the vision server is away; try again in a moment",
        code=grpc.StatusCode.UNAVAILABLE,
        reason="VISION_UNAVAILABLE",
    )
    gateway.fail_next("AnalyzeImages", away, times=3)
    result = cli("analyze", *photos)
    assert result.exit_code == 3
    assert result.stderr.lower().count("try again in a moment") == 1
    assert "3 of 3 photos were left undone" in result.stderr


def test_what_is_no_server_is_wrong_usage() -> None:
    result = Cli("no port")("status")
    assert result.exit_code == 2
    assert "host:port" in result.output


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "x", "1e9"])
def test_a_timeout_is_a_time(cli: Cli, value: str) -> None:
    result = cli("status", f"--timeout={value}")
    assert result.exit_code == 2
    assert "--timeout" in result.output


def test_a_bug_of_the_gateway_has_its_own_exit_code(cli: Cli, gateway: FakeGateway) -> None:
    gateway.fail_next(
        "GetItem", OotdError("oops", code=grpc.StatusCode.INTERNAL, reason="INTERNAL")
    )
    result = cli("item", "get", "a")
    assert result.exit_code == 5
    assert "request id" in result.stderr


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and what it signed for server and client."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    try:
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    except FileNotFoundError:
        pytest.skip("openssl is not installed; it makes this test's certificates")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    for name in ("server", "client"):
        subject = ("-subj", f"/CN={name}")
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", *subject)
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)
    return folder


@pytest.fixture
def strict(certificates: Path) -> Iterator[str]:
    """The address of a gateway that lets only those in who show a certificate."""
    server = grpc.server(ThreadPoolExecutor(4))
    add_services(FakeGateway(), server)
    pem = {one.name: one.read_bytes() for one in certificates.iterdir()}
    credentials = grpc.ssl_server_credentials(
        [(pem["server.key"], pem["server.pem"])],
        root_certificates=pem["ca.pem"],
        require_client_auth=True,
    )
    port = server.add_secure_port("localhost:0", credentials)
    server.start()
    yield f"localhost:{port}"
    server.stop(None).wait()


def test_a_client_certificate_opens_the_door(strict: str, certificates: Path) -> None:
    cli = Cli(strict)
    trust = ("--root-certificates", certificates / "ca.pem")
    mine = ("--client-certificate", certificates / "client.pem")
    key = ("--client-key", certificates / "client.key")
    allowed = cli("item", "list", *trust, *mine, *key)
    assert allowed.exit_code == 0, allowed.output
    stranger = cli("item", "list", *trust, "--timeout", "2")
    assert stranger.exit_code == 3
    assert "make up" not in stranger.stderr
    assert "certificate" in stranger.stderr
    half = cli("item", "list", *trust, *mine)
    assert half.exit_code == 2
    assert "--client-key" in half.stderr
    swapped = cli("item", "list", *trust, *mine, "--client-key", certificates / "names")
    assert swapped.exit_code == 2
    assert "Traceback" not in swapped.output
