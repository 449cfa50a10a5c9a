"""The compared clients, and programs of theirs for mypy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """A client: how it is installed and imported, and programs that show its types."""

    name: str
    distribution: str
    extra: str
    requirement: str
    module: str
    probes: tuple[str, ...]
    programs: dict[str, str]


OOTD = Client(
    name="ootd",
    distribution="ootd",
    extra="",
    requirement="",  # a folder or wheel, given on the command line
    module="ootd",
    probes=("ootd_calls.py", "ootd_connection.py", "ootd_catalog.py"),
    programs={
        "right": """
import ootd

with ootd.Client("localhost:8500", timeout_s=5) as client:
    client.upsert_item(ootd.ItemUpload(item_id="a", image=b"photo"))
    for result in client.search_by_image(b"photo", category="shoes", k=5).results:
        for hit in result.hits:
            print(hit.item.item_id, hit.score)
""",
        "wrong": """
import ootd

with ootd.Client("localhost:8500") as client:
    client.search_by_image(b"photo", category="shoe")
""",
        "answers": """
import ootd

with ootd.Client("localhost:8500") as client:
    hit = client.search_by_item("a")[0]
    reveal_type(hit.score)
    reveal_type(hit.item.attributes)
""",
        "arrays": """
import numpy as np
import ootd

with ootd.Client("localhost:8500") as client:
    client.search_by_embedding(np.zeros(128, dtype=np.float32), super_category="top")
""",
    },
)

QDRANT = Client(
    name="qdrant-client",
    distribution="qdrant-client",
    extra="",
    requirement="qdrant-client==1.20.0",
    module="qdrant_client",
    probes=("qdrant_calls.py", "qdrant_connection.py", "qdrant_catalog.py"),
    programs={
        "right": """
from qdrant_client import QdrantClient, models

client = QdrantClient("localhost", timeout=5)
client.upsert("things", [models.PointStruct(id=1, vector=[1.0, 2.0], payload={})])
for hit in client.query_points("things", query=[1.0, 2.0], limit=5).points:
    print(hit.id, hit.score)
""",
        "wrong": """
from qdrant_client import models

models.VectorParams(size=4, distance="Cosin")
""",
        "answers": """
from qdrant_client import QdrantClient

client = QdrantClient("localhost")
hit = client.query_points("things", query=[1.0, 2.0]).points[0]
reveal_type(hit.score)
reveal_type(hit.payload)
""",
        "arrays": """
import numpy as np
from qdrant_client import QdrantClient

client = QdrantClient("localhost")
client.query_points("things", query=np.zeros(4, dtype=np.float32))
""",
    },
)

TRITON = Client(
    name="tritonclient",
    distribution="tritonclient",
    extra="grpc",
    requirement="tritonclient[grpc]==2.73.0",
    module="tritonclient.grpc",
    probes=("triton_calls.py", "triton_connection.py", "triton_catalog.py"),
    programs={
        "right": """
import tritonclient.grpc as triton

client = triton.InferenceServerClient("localhost:8001")
values = triton.InferInput("values", [4], "FP32")
print(client.infer("model", [values]).get_response())
""",
        "wrong": """
import tritonclient.grpc as triton

triton.InferInput("values", [4], "FP23")
""",
        "answers": """
import tritonclient.grpc as triton

client = triton.InferenceServerClient("localhost:8001")
reveal_type(client.get_server_metadata())
""",
        "arrays": """
import numpy as np
import tritonclient.grpc as triton

values = triton.InferInput("values", [4], "FP32")
values.set_data_from_numpy(np.zeros(4, dtype=np.float32))
""",
    },
)

CLIENTS = (OOTD, QDRANT, TRITON)
