"""The checks of `qdrant-client`: connection and package."""

import itertools
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import grpc
import introspection
import qdrant_client
from certificates import Certificates, certificates_folder, tls_server
from checks import Missing, check, expect, failure_of, main
from qdrant_client import QdrantClient
from qdrant_setup import client, read
from recording_server import (
    RecordingServer,
    serving,
)


@check("plaintext.told")
def _() -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client(1, "shop.example", api_key="secret")
    return expect(caught, str(caught[0].message) if caught else "nothing")


@check("plaintext.refused")
def _() -> str:
    return str(failure_of(lambda: client(1, "shop.example", api_key="secret")))


@check("token.function")
def _() -> str:
    tokens = (f"token-{number}" for number in itertools.count(1))
    with serving(RecordingServer()) as server:
        connected = client(server.port, auth_token_provider=lambda: next(tokens))
        read(connected)
        read(connected)
        seen = server.metadata("authorization")
        return expect(len(set(seen)) == 2, str(seen))


@check("token.all_calls")
def _() -> str:
    with serving(RecordingServer()) as server:
        read(client(server.port, headers={"x-tenant": "a"}))
        return expect(server.metadata("x-tenant") == ["a"], "headers= of the client")


@check("token.one_call")
def _() -> str:
    from qdrant_client.context_headers import headers  # noqa: PLC0415

    with serving(RecordingServer()) as server:
        connected = client(server.port)
        with headers({"x-tenant": "b"}):
            read(connected)
        return expect(server.metadata("x-tenant") == ["b"], "with headers(...)")


@check("mtls.own_root")
def _() -> str:
    with serving(tls_server(Certificates.load())) as server:
        root = certificates_folder() / "root.crt"
        read(client(server.port, https=True, verify=str(root), timeout=3))
        return "verify="


@check("mtls.client_certificate")
def _() -> str:
    folder = certificates_folder()
    own = (str(folder / "client.crt"), str(folder / "client.key"))
    with serving(tls_server(Certificates.load(), of_clients=True)) as server:
        root = str(folder / "root.crt")
        read(client(server.port, https=True, verify=root, cert=own, timeout=3))
        return "cert="


@check("channel.options")
def _() -> str:
    with serving(RecordingServer()) as server:
        read(client(server.port, grpc_options={"grpc.secondary_user_agent": "my-shop"}))
        agent = str(server.metadata("user-agent")[0])
        return expect("my-shop" in agent, agent)


@check("channel.compression")
def _() -> str:
    with serving(RecordingServer()) as server:
        read(client(server.port, grpc_compression=grpc.Compression.Gzip))
        return "grpc_compression="


@check("channel.interceptors")
def _() -> str:
    names = introspection.parameters(QdrantClient.__init__)
    if not any("interceptor" in name for name in names):
        raise Missing
    return str(names)


@check("compatibility.asks")
def _() -> str:
    with _rest_server() as port:
        told = QdrantClient(host="127.0.0.1", port=port, check_compatibility=False).info()
        return expect(told.version, f"version {told.version}")


@check("compatibility.warns")
def _() -> str:
    with _rest_server() as port, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        QdrantClient(host="127.0.0.1", port=port)
        time.sleep(2)
        return expect(caught, str(caught[0].message) if caught else "no warning")


@check("compatibility.off")
def _() -> str:
    names = introspection.parameters(QdrantClient.__init__)
    return expect("check_compatibility" in names, "check_compatibility=False")


class _rest_server:  # noqa: N801 - used like a function
    """Answers every GET as a Qdrant of another age would."""

    def __enter__(self) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b'{"title": "qdrant", "version": "0.9.0"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self._server.server_port

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()


@check("tools.command")
def _() -> str:
    names = introspection.commands("qdrant-client")
    return expect(names, ", ".join(names) or "none")


@check("tools.pictures")
def _() -> str:
    raise Missing


@check("tools.samples")
def _() -> str:
    folder = Path(qdrant_client.__file__).parent
    found = [path.name for path in folder.rglob("*") if "sample" in path.name.lower()]
    return expect(found, str(found))


@check("documentation.docstrings")
def _() -> str:
    missing = introspection.undocumented(QdrantClient)
    return expect(not missing, f"missing: {len(missing)}, such as {missing[:3]}")


@check("documentation.raises")
def _() -> str:
    share = introspection.telling_what_is_raised(QdrantClient)
    return expect(share >= 0.5, f"{share:.0%}")


@check("documentation.example")
def _() -> str:
    shown = introspection.page_example("qdrant-client", "QdrantClient(")
    return expect(shown, "in the package's page")


@check("documentation.site")
def _() -> str:
    links = introspection.documentation_links("qdrant-client")
    return expect(links, ", ".join(links) or "no link")


if __name__ == "__main__":
    main()
