"""How large an answer may be."""

from ootd_gateway.errors import AnswerTooLargeError

MAX_ANSWER_BYTES = 24 * 1024 * 1024
"""The largest answer that is sent; the contract's number. Clients are set to take as much."""


FRAME_BYTES = 8
"""What a message takes beside itself where it is a field of another."""


class AnswerSize:
    """Adds up what an answer holds. It is given up as soon as it is too large: neither its items
    nor its messages are ever held whole.

    `advice` tells the caller how to ask for less.
    """

    def __init__(self, advice: str, limit: int = MAX_ANSWER_BYTES) -> None:
        self._advice = advice
        self._limit = limit
        self._size = 0

    def add(self, size: int) -> None:
        """Count `size` bytes more. Raises AnswerTooLargeError."""
        self._size += size
        if self._size > self._limit:
            raise AnswerTooLargeError(
                f"the answer has more than {self._limit} bytes: {self._advice}",
                {"bytes": str(self._size), "limit_bytes": str(self._limit)},
            )
