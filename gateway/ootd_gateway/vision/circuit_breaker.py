"""Whether calls may go to one vision server: closed, open, or being tried again."""

import math
import time
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

FAILURES_TO_OPEN = 2
"""Lost connections in a row that open the circuit. One alone may be a server that closes a
connection in good order."""

SAME_LOSS_SECONDS = 0.1
"""What is sent so soon after a loss may still have gone into the lost connection."""


class CircuitState(IntEnum):
    """As in metrics."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class TroubleKind(Enum):
    """What keeps a vision server from answering."""

    UNKNOWN = auto()
    """Nothing is known of it yet."""
    UNREACHABLE = auto()
    """No connection: a wrong address, nothing that listens, a lost connection."""
    SILENT = auto()
    """It takes connections or photos and does not answer."""
    NOT_SERVED = auto()
    """It answers, but the models are not there, or not loaded yet."""
    FAILED = auto()
    """It fails at the photo that it is tried with."""
    UNFIT = auto()
    """Its models are not those that this gateway can use; waiting does not help."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a circuit is open, for operators."""

    kind: TroubleKind
    text: str


NOT_LOOKED_AT = Trouble(TroubleKind.UNKNOWN, "it was not looked at yet")


class CircuitBreaker:
    """The state of one circuit. It begins open: a server is tried before it gets photos."""

    def __init__(self) -> None:
        self.state = CircuitState.OPEN
        self.trouble = NOT_LOOKED_AT
        """Why it is open, or was the last time."""
        self.opened_at = time.monotonic()
        self._failures = 0
        self._failed_at = -math.inf

    @property
    def is_closed(self) -> bool:
        """Whether calls pass."""
        return self.state is CircuitState.CLOSED

    def open(self, trouble: Trouble) -> bool:
        """Let nothing pass. Returns whether the circuit was closed before."""
        was_closed = self.is_closed
        if was_closed:
            self.opened_at = time.monotonic()
        self.state = CircuitState.OPEN
        self.trouble = trouble
        return was_closed

    def half_open(self) -> None:
        """Let one trial pass."""
        self.state = CircuitState.HALF_OPEN

    def close(self) -> None:
        """Let calls pass."""
        self.state = CircuitState.CLOSED
        self._failures = 0

    def answered(self) -> None:
        """Take note of an answer, whatever it said."""
        self._failures = 0

    def failed(self, trouble: Trouble, *, asked_at: float) -> bool:
        """Take note of a lost connection. Returns whether that opened the circuit.

        `asked_at` is when what was lost in it was sent, in seconds of `time.monotonic`. All that
        was in one connection counts once: see SAME_LOSS_SECONDS.
        """
        if asked_at > self._failed_at + SAME_LOSS_SECONDS:
            self._failures += 1
            self._failed_at = time.monotonic()
        if self.is_closed and self._failures < FAILURES_TO_OPEN:
            return False
        return self.open(trouble)
