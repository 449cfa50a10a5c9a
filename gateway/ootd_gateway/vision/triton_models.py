"""What a Triton tells of the graph that it serves."""

from dataclasses import dataclass

from ootd_gateway.types import ServedModels, Taxonomy
from ootd_gateway.vision.served_taxonomy import parse_taxonomy
from ootd_gateway.vision.triton_connection import Connection

TAXONOMY_MODEL = "verify"
"""The model whose configuration holds the names."""


@dataclass(frozen=True, slots=True)
class ServedGraph:
    """One server's names, from its models' configuration, and fingerprints, from its answers."""

    taxonomy: Taxonomy
    served: ServedModels


async def read_taxonomy(connection: Connection) -> Taxonomy:
    """Ask a Triton for its names. Raises aio.AioRpcError; InternalError where there are none."""
    return parse_taxonomy(await connection.model_config(TAXONOMY_MODEL))
