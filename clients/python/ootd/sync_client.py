"""Client: a gateway and its services. Derived by derive_sync.py from its twin."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TypeVar

from ootd._certificate import ClientCertificate
from ootd._services.catalog.sync_client import CatalogClient
from ootd._services.search.sync_client import SearchClient
from ootd._services.server.sync_client import ServerClient
from ootd._services.vision.sync_client import VisionClient
from ootd._sync.calls import Calls
from ootd._sync.runtime import Interceptor, TokenSource
from ootd._sync.service import ServiceClient
from ootd.channel import DEFAULT_TARGET, Compression, Connection
from ootd.retry import RetryPolicy

_Client = TypeVar("_Client", bound="Client")


class Client(ServiceClient):
    """A gateway. Safe for any number of threads. Iterables are read in another thread.

    `target` is "host:port" or a gRPC target. `token` goes with every call; a function is asked for
    each attempt, so that tokens can change. `tls`, `root_certificates` (PEM) or
    `client_certificate` encrypt the connection, and `server_name` is the name on the server's
    certificate where it differs from the host (see `ootd.channel.Connection`). `timeout_s` is the
    default for a whole call with its retries, and within a stream for each next answer; `retry`
    says how patiently a call is made again. `metadata` goes with every call, `interceptors` stand
    around every call, `channel_options` are gRPC's own by name, and `compression` is that of
    requests. After its first answer the gateway is asked once for its version, beside the calls;
    a CompatibilityWarning says where the two are not made for each other, a moment later or when
    the client is closed, unless `check_compatibility` is off.

    Use it as a context manager, or call `close`; a call after that raises ClosedError. It may be
    made anywhere; a connection is made with the first call. Every method takes `timeout_s` and
    `metadata` of its own, where the names of the latter replace the client's.

    Each service has a client of its own, such as `client.search.by_image`; the methods here are the
    same functions under short names, such as `client.search_by_image`.

    What a call to the gateway fails with is a subclass of `OotdError`. Arguments that make no sense
    raise ValueError or TypeError, and files that cannot be read OSError, before anything is sent;
    so do settings here.
    """

    vision = cached_property(lambda self: VisionClient(self._calls))
    catalog = cached_property(lambda self: CatalogClient(self._calls))
    search = cached_property(lambda self: SearchClient(self._calls))
    server = cached_property(lambda self: ServerClient(self._calls))

    # The short forms: the services' own functions, so each has one signature and one docstring.
    analyze_image = VisionClient.analyze_image
    analyze_images = VisionClient.analyze_images
    taxonomy = VisionClient.taxonomy
    upsert_item = CatalogClient.upsert_item
    upsert_items = CatalogClient.upsert_items
    iter_upsert_items = CatalogClient.iter_upsert_items
    get_item = CatalogClient.get_item
    list_page = CatalogClient.list_page
    list_items = CatalogClient.list_items
    count_items = CatalogClient.count_items
    delete_items = CatalogClient.delete_items
    search_by_image = SearchClient.by_image
    search_by_item = SearchClient.by_item
    search_by_embedding = SearchClient.by_embedding
    server_info = ServerClient.info
    health = ServerClient.health
    status = ServerClient.status

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        token: TokenSource | None = None,
        tls: bool = False,
        root_certificates: bytes | None = None,
        client_certificate: ClientCertificate | None = None,
        server_name: str | None = None,
        allow_plaintext_token: bool = False,
        timeout_s: float = 10.0,
        retry: RetryPolicy | None = None,
        metadata: Mapping[str, str] | None = None,
        interceptors: Sequence[Interceptor] = (),
        channel_options: Mapping[str, str | int] | None = None,
        compression: Compression | None = None,
        check_compatibility: bool = True,
    ) -> None:
        connection = Connection(
            target=target,
            tls=tls,
            root_certificates=root_certificates,
            client_certificate=client_certificate,
            server_name=server_name,
            allow_plaintext_token=allow_plaintext_token,
            channel_options=dict(channel_options or {}),
            compression=compression,
        )
        calls = Calls(
            connection,
            token=token,
            timeout_s=timeout_s,
            retry=retry or RetryPolicy(),
            metadata=metadata,
            interceptors=interceptors,
            check_compatibility=check_compatibility,
        )
        super().__init__(calls)

    def __enter__(self: _Client) -> _Client:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def target(self) -> str:
        """The address that this client was given."""
        return self._calls.connection.target

    def close(self) -> None:
        """Cancel what is running and give back the connections; does nothing the second time.

        Calls that run, and those that follow, raise ClosedError.
        """
        self._calls.close()
