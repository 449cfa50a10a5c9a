"""What the checks of `qdrant-client` share."""

import grpc
from qdrant_client import QdrantClient, models

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
NAME = "things"


def client(port: int, host: str = "127.0.0.1", **options: object) -> QdrantClient:
    chosen = {"https": False, "check_compatibility": False, **options}
    return QdrantClient(host=host, grpc_port=port, prefer_grpc=True, **chosen)


def read(connected: QdrantClient, **options: object) -> object:
    return connected.retrieve(NAME, ids=[1], **options)


def in_memory() -> QdrantClient:
    made = QdrantClient(":memory:")
    vectors = models.VectorParams(size=4, distance=models.Distance.COSINE)
    made.create_collection(NAME, vectors_config=vectors)
    return made


def point(number: int, size: int = 4) -> models.PointStruct:
    vector = [float(number), 1.0, 2.0, 3.0, 4.0][:size]
    payload = {"color": "red" if number % 2 else "blue", "title": f"thing {number}"}
    return models.PointStruct(id=number, vector=vector, payload=payload)


def filled() -> QdrantClient:
    made = in_memory()
    made.upsert(NAME, [point(number) for number in range(1, 31)])
    return made
