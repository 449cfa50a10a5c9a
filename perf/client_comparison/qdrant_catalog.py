"""The checks of `qdrant-client`: what is written, searched and faked."""

from collections.abc import Iterator

import introspection
from checks import Missing, check, expect, failure_of, main
from qdrant_client import QdrantClient, models
from qdrant_setup import NAME, client, filled, in_memory, point
from recording_server import (
    RecordingServer,
    serving,
)


@check("bad_input.size")
def _() -> str:
    error = failure_of(lambda: in_memory().upsert(NAME, [point(1, size=3)]))
    return expect("3" in str(error) and "4" in str(error), str(error))


@check("bad_input.choice")
def _() -> str:
    error = failure_of(lambda: models.VectorParams(size=4, distance="Cosin"))
    return expect("Cosin" in str(error) and "Cosine" in str(error), str(error))


@check("bad_input.all")
def _() -> str:
    error = failure_of(lambda: models.VectorParams(size="many", distance="Cosin"))
    text = str(error)
    return expect("2 validation errors" in text or ("size" in text and "distance" in text), text)


@check("bulk.when_called")
def _() -> str:
    connected = in_memory()
    connected.upload_points(NAME, [point(1), point(2)])
    return expect(connected.count(NAME).count == 2, "upload_points")


@check("bulk.bounded")
def _() -> str:
    taken, most = 0, 0

    def points() -> Iterator[models.PointStruct]:
        nonlocal taken, most
        for number in range(1, 601):
            taken += 1
            most = max(most, taken - 64 * len(server.calls))
            yield point(number)

    with serving(RecordingServer()) as server:
        client(server.port).upload_points(NAME, points(), wait=True)
        return expect(most < 400, f"{most} of 600 read ahead at most")


@check("bulk.alone")
def _() -> str:
    connected = in_memory()
    try:
        connected.upload_points(NAME, [point(1), point(2, size=3), point(3)])
    except Exception as error:
        stored = connected.count(NAME).count
        raise AssertionError(f"{stored} of 2 good ones stored: {error}") from error
    return "raised nothing"


@check("bulk.outcomes")
def _() -> str:
    told = in_memory().upload_points(NAME, [point(1), point(2)])
    return expect(told is not None, f"returns {told}")


@check("bulk.summary")
def _() -> str:
    told = in_memory().upload_points(NAME, [point(1), point(2)])
    return expect(told is not None, f"returns {told}")


@check("bulk.workers")
def _() -> str:
    names = introspection.parameters(QdrantClient.upload_points)
    return expect("parallel" in names, "parallel=")


@check("one_write.method")
def _() -> str:
    connected = in_memory()
    connected.upsert(NAME, [point(1)])
    return expect(connected.count(NAME).count == 1, "upsert")


@check("one_write.raises")
def _() -> str:
    return str(failure_of(lambda: in_memory().upsert(NAME, [point(1, size=3)])))


@check("one_write.outcome")
def _() -> str:
    connected = in_memory()
    told = [connected.upsert(NAME, [point(1)]) for _ in range(2)]
    return expect(str(told[0].status) != str(told[1].status), f"{told[0].status} both times")


@check("queries.filter")
def _() -> str:
    red = models.FieldCondition(key="color", match=models.MatchValue(value="red"))
    chosen = models.Filter(must=[red])
    hits = filled().query_points(NAME, query=[1.0, 1, 2, 3], query_filter=chosen).points
    return expect(all(hit.payload["color"] == "red" for hit in hits), "query_filter=")


@check("queries.fields")
def _() -> str:
    hit = filled().query_points(NAME, query=[1.0, 1, 2, 3], with_payload=["title"]).points[0]
    return expect(set(hit.payload) == {"title"}, "with_payload=")


@check("queries.offset")
def _() -> str:
    connected = filled()
    ids = [
        [hit.id for hit in connected.query_points(NAME, query=[1.0, 1, 2, 3], **which).points]
        for which in ({"limit": 3}, {"limit": 2, "offset": 1})
    ]
    return expect(ids[0][1:] == ids[1], str(ids))


@check("queries.threshold")
def _() -> str:
    connected = filled()
    scores = [p.score for p in connected.query_points(NAME, query=[1.0, 1, 2, 3], limit=30).points]
    middle = scores[len(scores) // 2]
    left = connected.query_points(
        NAME, query=[1.0, 1, 2, 3], limit=30, score_threshold=middle
    ).points
    return expect(0 < len(left) < len(scores), f"{len(left)} of {len(scores)} hits")


@check("queries.groups")
def _() -> str:
    groups = filled().query_points_groups(NAME, group_by="color", query=[1.0, 1, 2, 3]).groups
    return expect(len(groups) == 2, "query_points_groups")


@check("pages.token")
def _() -> str:
    connected = filled()
    first, offset = connected.scroll(NAME, limit=20)
    second, end = connected.scroll(NAME, limit=20, offset=offset)
    return expect((len(first), len(second), end) == (20, 10, None), "scroll")


@check("pages.iterator")
def _() -> str:
    raise Missing("scroll, page by page")


@check("pages.total")
def _() -> str:
    raise Missing("count, another call")


@check("examples.stored")
def _() -> str:
    return expect(filled().query_points(NAME, query=1).points, "query_points(query=id)")


@check("examples.several")
def _() -> str:
    wanted = models.RecommendQuery(recommend=models.RecommendInput(positive=[1, 2], negative=[9]))
    return expect(filled().query_points(NAME, query=wanted).points, "RecommendQuery")


@check("examples.batch")
def _() -> str:
    asked = [models.QueryRequest(query=[1.0, 1, 2, 3], limit=3) for _ in range(2)]
    return expect(len(filled().query_batch_points(NAME, asked)) == 2, "query_batch_points")


@check("fake.there")
def _() -> str:
    return expect(filled().count(NAME).count == 30, ":memory:")


@check("fake.grpc")
def _() -> str:
    raise Missing("in the client's process, without gRPC")


@check("fake.failures")
def _() -> str:
    raise Missing


@check("fake.delays")
def _() -> str:
    raise Missing


@check("fake.misspelt")
def _() -> str:
    raise Missing


@check("fake.engine")
def _() -> str:
    connected = filled()
    found = connected.query_points(NAME, query=3).points
    connected.delete(NAME, [3])
    return expect(found and connected.count(NAME).count == 29, "writes, reads, searches, deletes")


if __name__ == "__main__":
    main()
