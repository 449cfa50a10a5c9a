"""Counts the photos in a row at which one Triton failed."""

import grpc
from grpc import aio

from ootd_gateway.vision.triton_errors import names_the_decoder

FAULTS_TO_TRY = 5
"""After so many faults in a row the server is tried again: it may say that it is ready and fail at
every photo."""

_FAULT_CODES = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


class FaultCount:
    """How many photos failed since the last one that was answered, the server being at fault.

    What a photo may be to blame for itself, or a connection, counts neither way.
    """

    def __init__(self) -> None:
        self._in_a_row = 0

    @property
    def is_suspicious(self) -> bool:
        """Whether there are so many that the server is to be tried again."""
        return self._in_a_row >= FAULTS_TO_TRY

    def ended(self, error: aio.AioRpcError | None) -> bool:
        """Take note of how a photo ended. Returns whether the server is to be tried now, which is
        once in FAULTS_TO_TRY faults."""
        if error is None:
            self._in_a_row = 0
        elif error.code() in _FAULT_CODES and not names_the_decoder(error.details() or ""):
            self._in_a_row += 1
            return self._in_a_row % FAULTS_TO_TRY == 0
        return False
