"""The checks of `tritonclient.grpc`: connection and package."""

import importlib.util
import itertools
import logging
import warnings
from typing import Any

import introspection
from certificates import Certificates, certificates_folder, tls_server
from checks import Missing, check, expect, failure_of, main
from recording_server import (
    RecordingServer,
    serving,
)
from triton_setup import Client, client


def _plaintext_token() -> list[str]:
    """Send a token in plaintext; return what was told of it."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    with serving(RecordingServer()) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client(server.target).get_server_metadata(headers={"authorization": "Bearer secret"})
    return told + [str(one.message) for one in caught]


@check("plaintext.told")
def _() -> str:
    told = _plaintext_token()
    return expect(told, str(told) if told else "sent without a word")


@check("plaintext.refused")
def _() -> str:
    return str(failure_of(_plaintext_token))


@check("token.function")
def _() -> str:
    from tritonclient._plugin import InferenceServerClientPlugin  # noqa: PLC0415

    tokens = (f"token-{number}" for number in itertools.count(1))

    class Plugin(InferenceServerClientPlugin):  # type: ignore[misc] # it has no types
        def __call__(self, request: Any) -> None:
            request.headers["authorization"] = next(tokens)

    with serving(RecordingServer()) as server:
        connected = client(server.target)
        connected.register_plugin(Plugin())
        connected.get_server_metadata()
        connected.get_server_metadata()
        seen = server.metadata("authorization")
        return expect(len(set(seen)) == 2, f"a plugin: {seen}")


@check("token.all_calls")
def _() -> str:
    from tritonclient._plugin import InferenceServerClientPlugin  # noqa: PLC0415

    class Plugin(InferenceServerClientPlugin):  # type: ignore[misc] # it has no types
        def __call__(self, request: Any) -> None:
            request.headers["x-tenant"] = "a"

    with serving(RecordingServer()) as server:
        connected = client(server.target)
        connected.register_plugin(Plugin())
        connected.get_server_metadata()
        return expect(server.metadata("x-tenant") == ["a"], "a plugin")


@check("token.one_call")
def _() -> str:
    with serving(RecordingServer()) as server:
        client(server.target).get_server_metadata(headers={"x-tenant": "b"})
        return expect(server.metadata("x-tenant") == ["b"], "headers= of the method")


@check("mtls.own_root")
def _() -> str:
    with serving(tls_server(Certificates.load())) as server:
        root = str(certificates_folder() / "root.crt")
        client(server.target, ssl=True, root_certificates=root).get_server_metadata()
        return "root_certificates="


@check("mtls.client_certificate")
def _() -> str:
    folder = certificates_folder()
    with serving(tls_server(Certificates.load(), of_clients=True)) as server:
        client(
            server.target,
            ssl=True,
            root_certificates=str(folder / "root.crt"),
            private_key=str(folder / "client.key"),
            certificate_chain=str(folder / "client.crt"),
        ).get_server_metadata()
        return "private_key=, certificate_chain="


@check("channel.options")
def _() -> str:
    with serving(RecordingServer()) as server:
        options = [("grpc.primary_user_agent", "my-shop")]
        client(server.target, channel_args=options).get_server_metadata()
        agent = str(server.metadata("user-agent")[0])
        return expect("my-shop" in agent, agent)


@check("channel.compression")
def _() -> str:
    names = introspection.parameters(Client.infer)
    return expect("compression_algorithm" in names, "compression_algorithm= of infer")


@check("channel.interceptors")
def _() -> str:
    names = introspection.parameters(Client.__init__)
    if not any("interceptor" in name for name in names):
        raise Missing
    return str(names)


@check("compatibility.asks")
def _() -> str:
    with serving(RecordingServer()) as server:
        told = client(server.target).get_server_metadata()
        return expect(hasattr(told, "version"), "get_server_metadata: version, extensions")


@check("compatibility.warns")
def _() -> str:
    raise Missing("asks nothing by itself")


@check("compatibility.off")
def _() -> str:
    raise Missing("asks nothing by itself")


@check("tools.command")
def _() -> str:
    names = introspection.commands("tritonclient")
    return expect(names, ", ".join(names) or "none")


@check("tools.pictures")
def _() -> str:
    raise Missing


@check("tools.samples")
def _() -> str:
    expect(importlib.util.find_spec("tritonclient.examples"), "none in the package")
    return "tritonclient.examples"


@check("documentation.docstrings")
def _() -> str:
    missing = introspection.undocumented(Client)
    return expect(not missing, f"missing: {missing}")


@check("documentation.raises")
def _() -> str:
    share = introspection.telling_what_is_raised(Client)
    return expect(share >= 0.5, f"{share:.0%}")


@check("documentation.example")
def _() -> str:
    shown = introspection.page_example("tritonclient", "InferenceServerClient(")
    return expect(shown, "in the package's page")


@check("documentation.site")
def _() -> str:
    links = introspection.documentation_links("tritonclient")
    return expect(links, ", ".join(links) or "no link")


if __name__ == "__main__":
    main()
