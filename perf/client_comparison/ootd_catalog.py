"""The checks of `ootd`: what is written, searched and faked."""

import os
import time
from collections.abc import Iterator

import grpc
import introspection
from checks import Missing, check, expect, failure_of, main
from ootd_setup import PHOTO, client, filled, upload

import ootd
from ootd.testing import FakeGateway


@check("bad_input.size")
def _() -> str:
    with client(os.environ["COMPARISON_GATEWAY"]) as connected:
        error = failure_of(lambda: connected.search_by_embedding([0.5] * 3, super_category="top"))
        return expect("3" in str(error) and "128" in str(error), str(error))


@check("bad_input.choice")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        error = failure_of(
            lambda: connected.analyze_image(PHOTO, category="shoe")  # type: ignore[arg-type]
        )
        return expect("shoe" in str(error) and "shoes" in str(error), str(error))


@check("bad_input.all")
def _() -> str:
    with client(os.environ["COMPARISON_GATEWAY"]) as connected:
        error = failure_of(lambda: connected.search_by_item("", k=5000))
        fields = [one.field for one in getattr(error, "violations", ())]
        return expect(len(fields) == 2, f"{type(error).__name__}: {fields}")


@check("bulk.when_called")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        connected.upsert_items([upload("a"), upload("b")])
        return expect(connected.count_items() == 2, "upsert_items")


@check("bulk.bounded")
def _() -> str:
    taken, answered, most = 0, 0, 0

    def uploads() -> Iterator[ootd.ItemUpload]:
        nonlocal taken, most
        for number in range(200):
            taken += 1
            most = max(most, taken - answered)
            yield upload(str(number), PHOTO + bytes(200_000))

    def count(_result: object) -> None:
        nonlocal answered
        answered += 1

    with FakeGateway() as gateway, client(gateway.target) as connected:
        connected.upsert_items(uploads(), on_result=count)
        seen = f"{most} of 200 photos of 200 kB read ahead at most"
        return expect(answered == 200 and most < 100, seen)


@check("bulk.alone")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        summary = connected.upsert_items([upload("a"), upload("not an id"), upload("b")])
        stored = connected.count_items()
        return expect(stored == 2 and len(summary.failed) == 1, f"{stored} stored, 1 failed")


@check("bulk.outcomes")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        results = list(connected.iter_upsert_items([upload("a"), upload("not an id")]))
        seen = [(one.item_id, one.outcome, bool(one.error)) for one in results]
        return expect(seen == [("a", "created", False), ("not an id", None, True)], str(seen))


@check("bulk.summary")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        summary = connected.upsert_items([upload("a"), upload("b")])
        return expect(summary.created == 2, f"created={summary.created}, failed={summary.failed}")


@check("bulk.workers")
def _() -> str:
    raise Missing("one stream, pipelined")


@check("one_write.method")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        connected.upsert_item(upload("a"))
        return expect(connected.count_items() == 1, "upsert_item")


@check("one_write.raises")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        return str(failure_of(lambda: connected.upsert_item(upload("not an id"))))


@check("one_write.outcome")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        seen = [
            connected.upsert_item(upload("a", photo)).outcome
            for photo in (PHOTO, PHOTO, PHOTO + b"2")
        ]
        return expect(seen == ["created", "unchanged", "replaced"], str(seen))


@check("queries.filter")
def _() -> str:
    parameters = introspection.parameters(ootd.Client.search_by_item)
    if not any("filter" in name for name in parameters):
        raise Missing("by super-category alone")
    return str(parameters)


@check("queries.fields")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        connected.upsert_item(ootd.ItemUpload(item_id="t", image=PHOTO, title="a title"))
        one = connected.get_item("t", fields=["title"])
        connected.search_by_item("t", fields=["title"])
        return expect(one.title and not one.garment.embedding, "fields=['title']")


@check("queries.offset")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        every = connected.search_by_item("a0", k=3)
        later = connected.search_by_item("a0", k=2, offset=1)
        ids = [[hit.item.item_id for hit in hits] for hits in (every, later)]
        return expect(ids[1] and ids[0][1:] == ids[1], str(ids))


@check("queries.threshold")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        scores = [hit.score for hit in connected.search_by_item("a0", k=30)]
        middle = scores[len(scores) // 2]
        left = [hit.score for hit in connected.search_by_item("a0", k=30, min_score=middle)]
        return expect(
            left and min(left) >= middle and len(left) < len(scores),
            f"{len(left)} of {len(scores)} hits",
        )


@check("queries.groups")
def _() -> str:
    raise Missing("by garment of the photo alone")


@check("pages.token")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        first = connected.list_page(page_size=20)
        second = connected.list_page(token=first.next_token, page_size=20)
        sizes = [len(first.items), len(second.items)]
        return expect(sizes == [20, 10] and not second.next_token, str(sizes))


@check("pages.iterator")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        return expect(len(list(connected.list_items(page_size=7))) == 30, "list_items")


@check("pages.total")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        return expect(connected.list_page(page_size=3).total_size == 30, "total_size")


@check("examples.stored")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        return expect(connected.search_by_item("a0", k=3), "search_by_item")


@check("examples.several")
def _() -> str:
    raise Missing


@check("examples.batch")
def _() -> str:
    raise Missing("a photo's garments are searched for in one call, several photos are not")


@check("fake.there")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        return expect(connected.analyze_image(PHOTO).garments, "ootd.testing.FakeGateway")


@check("fake.grpc")
def _() -> str:
    with FakeGateway() as gateway, grpc.insecure_channel(gateway.target) as channel:
        grpc.channel_ready_future(channel).result(5)
        return gateway.target


@check("fake.failures")
def _() -> str:
    with FakeGateway() as gateway:
        gateway.fail_next("AnalyzeImage", ootd.UnavailableError("away"), times=1)
        with client(gateway.target, retry=ootd.RetryPolicy(attempts=1)) as connected:
            error = failure_of(lambda: connected.analyze_image(PHOTO))
            connected.analyze_image(PHOTO)
            return expect(isinstance(error, ootd.UnavailableError), type(error).__name__)


@check("fake.delays")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        gateway.delay_next("AnalyzeImage", 0.5)
        begin = time.monotonic()
        connected.analyze_image(PHOTO)
        seconds = time.monotonic() - begin
        return expect(seconds >= 0.5, f"{seconds:.2f} s of 0.5 s")


@check("fake.misspelt")
def _() -> str:
    with FakeGateway() as gateway:
        return str(failure_of(lambda: gateway.fail_next("AnalyseImage", ootd.OotdError("x"))))


@check("fake.engine")
def _() -> str:
    with FakeGateway() as gateway, client(gateway.target) as connected:
        filled(connected)
        found = connected.search_by_image(PHOTO + bytes([3])).results[0].hits
        connected.delete_items(["a3"])
        left = connected.count_items()
        return expect(found and left == 29, "writes, reads, searches, deletes")


if __name__ == "__main__":
    main()
