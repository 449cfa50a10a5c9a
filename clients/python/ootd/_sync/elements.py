"""From the elements that callers stream to requests; one that is none is refused by itself."""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from google.protobuf.message import Message

from ootd import _faults
from ootd._ledger import Ledger
from ootd._sync.runtime import STOPPED, Source, closing, iterate, room

_Request = TypeVar("_Request", bound=Message)


def requests(
    source: Source[Any],
    build: Callable[[Any], _Request],
    key: str,
    ledger: Ledger,
    limit_bytes: int,
) -> Generator[_Request, None, None]:
    """Yield the request for each element; where there can be none, the ledger gets the error.

    `key` is the attribute of elements that tells them apart. What the source itself raises goes to
    the ledger, too, and ends the requests: gRPC's thread would die of a SystemExit, say, and leave
    the stream open for ever. Waits where too many errors have not been given out; ends with the
    stream.
    """
    try:
        with closing(iterate(source, ledger)) as taken:
            for element in taken:
                name = str(getattr(element, key, ""))
                try:
                    request = build(element)
                    _faults.check_message_size(request, limit_bytes)
                except Exception as error:  # noqa: BLE001 - one element fails, the stream goes on
                    ledger.refused(name, _faults.refused_element(error, element))
                    room(ledger)
                    if ledger.has_ended:
                        return
                    continue
                ledger.sent(name)
                yield request
    except STOPPED:
        raise
    except BaseException as error:  # noqa: BLE001 - raised again after the last answer
        ledger.source_failed(error)
    finally:
        ledger.source_ended()
