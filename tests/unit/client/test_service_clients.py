"""Each service has a client of its own; the short forms are the same functions."""

import importlib
import inspect
from functools import cached_property
from pathlib import Path

import pytest

import ootd
from ootd import AsyncClient, Client, EmbeddingUpload
from ootd.testing import FakeGateway
from ootd.testing._services import registry

SERVICES = {
    "vision": (ootd.VisionClient, ootd.AsyncVisionClient),
    "catalog": (ootd.CatalogClient, ootd.AsyncCatalogClient),
    "search": (ootd.SearchClient, ootd.AsyncSearchClient),
    "server": (ootd.ServerClient, ootd.AsyncServerClient),
}
"""All services of the contract, by the name under which the client has them."""

WITH_SHORT_FORMS = ("vision", "catalog", "search", "server")
"""Those that had short forms on the client from the start; others have none."""

OF_THE_CLIENT = {"close"}


def is_defined_in(module: str, what: object) -> bool:
    return inspect.isclass(what) and what.__module__ == module


def functions(kind: type) -> dict[str, object]:
    """The public methods of a class, by name."""
    members = inspect.getmembers(kind, inspect.isfunction)
    return {name: one for name, one in members if not name.startswith("_")}


def test_each_service_is_reached_by_its_name() -> None:
    client, client_async = Client(), AsyncClient()
    for name, (blocking, within_asyncio) in SERVICES.items():
        assert type(getattr(client, name)) is blocking
        assert type(getattr(client_async, name)) is within_asyncio
    found = {name for name, one in vars(Client).items() if isinstance(one, cached_property)}
    assert found == SERVICES.keys(), "SERVICES, above, lists them"


def test_every_service_of_the_contract_is_there_and_in_the_fake() -> None:
    package = Path(ootd.__file__).parent
    contract = {path.name for path in (package / "v1").glob("*_service_pb2.py")}
    assert contract == {f"{name}_service_pb2.py" for name in SERVICES}, "SERVICES, above"
    folders = (package / "_services").glob("*/types.py")
    assert {path.parent.name for path in folders} == SERVICES.keys()
    fakes = {service.descriptor.name for service in registry.SERVICES}
    words = {name: "".join(map(str.capitalize, name.split("_"))) for name in SERVICES}
    assert fakes == {f"{one}Service" for one in words.values()}


def test_the_status_tells_the_health_of_every_service(gateway: FakeGateway, client: Client) -> None:
    contract = {service.descriptor.full_name for service in registry.SERVICES}
    told = client.status().health.keys()
    # The server's own is the process: it answers, as the status is there.
    assert told == {"", *contract} - {"ootd.v1.ServerService"}, "_SERVICES in _services/server"


def test_what_a_service_takes_and_gives_is_exported() -> None:
    for name in SERVICES:
        module = importlib.import_module(f"ootd._services.{name}.types")
        own = {one for one, what in vars(module).items() if is_defined_in(module.__name__, what)}
        assert own <= set(ootd.types.__all__), "add them to ootd/types.py"
        assert own <= set(ootd.__all__), "add them to ootd/__init__.py"


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_short_form_is_the_services_own_function(client: type) -> None:
    short = {name: one for name, one in functions(client).items() if name not in OF_THE_CLIENT}
    number = 0 if client is Client else 1
    kinds = [SERVICES[name][number] for name in WITH_SHORT_FORMS]
    own = [one for kind in kinds for one in functions(kind).values()]
    assert len(own) == len(short)
    assert {id(one) for one in short.values()} == {id(one) for one in own}
    for name, one in short.items():
        assert name.endswith(one.__name__)  # type: ignore[attr-defined]
        assert one.__doc__


def test_services_share_one_connection(gateway: FakeGateway, client: Client, photo: bytes) -> None:
    upload = EmbeddingUpload("a", (0.5,) * 128, "bag")
    assert client.catalog.upsert_items([upload]).created == 1
    assert client.catalog.count_items() == client.count_items() == 1
    assert [item.item_id for item in client.catalog.list_items()] == ["a"]
    assert client.vision.analyze_image(photo) == client.analyze_image(photo)
    assert client.search.by_embedding((0.5,) * 128, "bag") == client.search_by_embedding(
        (0.5,) * 128, "bag"
    )
    assert client.server.info() == client.server_info()
    assert client.server.status().item_count == 1
    search = client.search
    client.close()
    with pytest.raises(ootd.ClosedError):
        search.by_item("a")


async def test_services_within_asyncio(gateway: FakeGateway, photo: bytes) -> None:
    async with AsyncClient(gateway.target) as client:
        results = [one async for one in client.vision.analyze_images([ootd.Photo("a", photo)])]
        assert results[0].error is None
        assert (await client.catalog.upsert_item(ootd.ItemUpload("a", photo))).changed
        assert await client.catalog.count_items() == 1
        assert (await client.search.by_image(photo)).results
        assert await client.server.health() == "serving"


def test_one_element_is_no_stream(client: Client, photo: bytes) -> None:
    for source in (ootd.Photo("a", photo), "ab", b"ab", 5):
        with pytest.raises(TypeError, match="a stream takes an iterable of elements"):
            next(client.vision.analyze_images(source))  # type: ignore[arg-type]
