"""What a Triton's model configurations tell of the graph that it serves."""

from dataclasses import dataclass

from ootd_gateway.types import ServedModels, Taxonomy
from ootd_gateway.vision.model_release import parse_taxonomy, release_of
from ootd_gateway.vision.triton_connection import Connection

TAXONOMY_MODEL = "verify"
RELEASE_MODELS = ("embedder", "crop")
"""The models that make what is stored of a garment and compared: its embedding, and the crop and
the colour histogram. The others decide which garments there are and how they are named."""


@dataclass(frozen=True, slots=True)
class ServedGraph:
    """The names and fingerprints of one server's models."""

    taxonomy: Taxonomy
    served: ServedModels


async def read_graph(connection: Connection) -> ServedGraph:
    """Ask a Triton for them. Raises aio.AioRpcError, and InternalError where they are none."""
    taxonomy = parse_taxonomy(await connection.model_config(TAXONOMY_MODEL))
    return ServedGraph(taxonomy, await _served_by_configurations(connection))


async def _served_by_configurations(connection: Connection) -> ServedModels:
    """The fingerprints of a graph whose answers do not carry any."""
    release = release_of([await connection.model_config(model) for model in RELEASE_MODELS])
    return ServedModels(release, release)
