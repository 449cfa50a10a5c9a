"""The checks of `ootd`: connection and package."""

import importlib.metadata
import importlib.util
import itertools
import warnings
from typing import Any

import grpc
import introspection
from certificates import Certificates, tls_server
from checks import check, expect, failure_of, main
from ootd_setup import client
from recording_server import (
    RecordingServer,
    serving,
)

import ootd
from ootd.testing import FakeGateway
from ootd.v1 import server_service_pb2


@check("plaintext.told")
def _() -> str:
    return str(failure_of(lambda: client("shop.example:8500", token="secret")))


@check("plaintext.refused")
def _() -> str:
    failure_of(lambda: client("shop.example:8500", token="secret"))
    client("shop.example:8500", token="secret", allow_plaintext_token=True).close()
    return "unless allow_plaintext_token=True"


@check("token.function")
def _() -> str:
    tokens = (f"token-{number}" for number in itertools.count(1))
    with serving(RecordingServer()) as server:
        with client(server.target, token=lambda: next(tokens)) as connected:
            connected.count_items()
            connected.count_items()
        seen = server.metadata("authorization")
        return expect(len(set(seen)) == 2, str(seen))


@check("token.all_calls")
def _() -> str:
    with serving(RecordingServer()) as server:
        with client(server.target, metadata={"x-tenant": "a"}) as connected:
            connected.count_items()
        return expect(server.metadata("x-tenant") == ["a"], "metadata= of the client")


@check("token.one_call")
def _() -> str:
    with serving(RecordingServer()) as server, client(server.target) as connected:
        connected.count_items(metadata={"x-tenant": "b"})
        return expect(server.metadata("x-tenant") == ["b"], "metadata= of the method")


@check("mtls.own_root")
def _() -> str:
    certificates = Certificates.load()
    with serving(tls_server(certificates)) as server:
        root = certificates.root
        with client(server.target, tls=True, root_certificates=root) as connected:
            connected.count_items()
            return "root_certificates="


@check("mtls.client_certificate")
def _() -> str:
    certificates = Certificates.load()
    own = ootd.ClientCertificate(certificates.client_chain, certificates.client_key)
    with serving(tls_server(certificates, of_clients=True)) as server:
        options = {"tls": True, "root_certificates": certificates.root}
        failure_of(lambda: client(server.target, timeout_s=2, **options).count_items())
        with client(server.target, client_certificate=own, **options) as connected:
            connected.count_items()
            return "client_certificate="


@check("channel.options")
def _() -> str:
    with serving(RecordingServer()) as server:
        with client(
            server.target, channel_options={"grpc.primary_user_agent": "my-shop"}
        ) as connected:
            connected.count_items()
        agent = str(server.metadata("user-agent")[0])
        return expect("my-shop" in agent, agent)


@check("channel.compression")
def _() -> str:
    with serving(RecordingServer()) as server:
        with client(server.target, compression="gzip") as connected:
            connected.count_items()
            return "compression="


@check("channel.interceptors")
def _() -> str:
    seen: list[str] = []

    class Interceptor(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation: Any, details: Any, request: object) -> Any:
            seen.append(details.method)
            return continuation(details, request)

    with serving(RecordingServer()) as server:
        with client(server.target, interceptors=[Interceptor()]) as connected:
            connected.count_items()
    return expect(seen, f"saw {seen}")


@check("compatibility.asks")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        info = connected.server_info()
        return expect(info.version and info.limits, f"version {info.version}, {info.limits}")


@check("compatibility.warns")
def _() -> str:
    told = server_service_pb2.GetServerInfoResponse(
        version="99.0.0", minimum_client_version="99.0.0"
    ).SerializeToString()

    def behave(_context: grpc.ServicerContext, number: int) -> bytes:
        return told if server.calls[number][0].endswith("/GetServerInfo") else b""

    with serving(RecordingServer(behave)) as server:
        with (
            warnings.catch_warnings(record=True) as caught,
            ootd.Client(server.target) as connected,
        ):
            warnings.simplefilter("always")
            connected.count_items()
        return expect(caught, str(caught[0].message) if caught else "no warning")


@check("compatibility.off")
def _() -> str:
    names = introspection.parameters(ootd.Client.__init__)
    return expect("check_compatibility" in names, "check_compatibility=False")


@check("tools.command")
def _() -> str:
    names = introspection.commands("ootd")
    return expect(names, ", ".join(names))


@check("tools.pictures")
def _() -> str:
    return expect(importlib.util.find_spec("ootd.draw"), "ootd.draw, ootd[draw]")


@check("tools.samples")
def _() -> str:
    extras = importlib.metadata.metadata("ootd").get_all("Provides-Extra", [])
    return expect("samples" in extras, "ootd_samples, ootd[samples]")


@check("documentation.docstrings")
def _() -> str:
    missing = introspection.undocumented(ootd.Client)
    return expect(not missing, f"missing: {missing}")


@check("documentation.raises")
def _() -> str:
    share = introspection.telling_what_is_raised(ootd.Client)
    return expect(share >= 0.5, f"{share:.0%}")


@check("documentation.example")
def _() -> str:
    return expect(introspection.page_example("ootd", "ootd.Client("), "in the package's page")


@check("documentation.site")
def _() -> str:
    links = introspection.documentation_links("ootd")
    return expect(links, ", ".join(links) or "no link")


if __name__ == "__main__":
    main()
