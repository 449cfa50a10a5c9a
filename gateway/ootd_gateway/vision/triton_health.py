"""What is known of one Triton's health: its circuit, told to log and metrics as it changes."""

import time
from collections.abc import Callable

import structlog

from ootd_gateway.telemetry.metrics.vision import VisionMetrics
from ootd_gateway.vision.circuit_breaker import CircuitBreaker, Trouble, TroubleKind

log = structlog.get_logger(__name__)

REMIND_SECONDS = 60.0
"""How often the log repeats that a server is in the same trouble."""


class Health:
    """The circuit of one server.

    `start_s`: how long a server that was never ready may take before that is worth a warning.
    `on_change` is called whenever the circuit was opened or closed.
    """

    def __init__(
        self,
        name: str,
        *,
        start_s: float,
        metrics: VisionMetrics,
        on_change: Callable[[], None],
    ) -> None:
        self._name = name
        self._start_s = start_s
        self._metrics = metrics
        self._on_change = on_change
        self._circuit = CircuitBreaker()
        self._was_ready = False
        self._warned_at: dict[TroubleKind, float] = {}
        self._version = ""
        self._tell_state()

    @property
    def is_good(self) -> bool:
        """Whether photos may be sent."""
        return self._circuit.is_closed

    @property
    def trouble(self) -> Trouble:
        """Why not."""
        return self._circuit.trouble

    def answered(self) -> None:
        """Take note of an answer, whatever it said."""
        self._circuit.answered()

    def lost_connection(self, trouble: Trouble, *, asked_at: float) -> None:
        """Take note of a connection that could not be made or ended.

        `asked_at` is as in `CircuitBreaker.failed`.
        """
        was_good = self.is_good
        self._circuit.failed(trouble, asked_at=asked_at)
        if not self.is_good:
            self._tell_trouble(was_good)

    def bad(self, trouble: Trouble) -> None:
        """Open the circuit."""
        self._tell_trouble(self._circuit.open(trouble))

    def being_tried(self) -> None:
        """Let one trial pass."""
        self._circuit.half_open()
        self._tell_state()

    def good(self, version: str) -> None:
        """Close the circuit. `version` is Triton's, "" where it is not known."""
        was_good = self.is_good
        self._circuit.close()
        self._was_ready = True
        self._warned_at.clear()
        self._tell_state()
        self._tell_version(version)
        if not was_good:
            log.info("Triton is ready", triton=self._name, version=version)
            self._on_change()

    def forget(self) -> None:
        """Take it out of the metrics."""
        self._metrics.circuit_state.remove(self._name)
        if self._version:
            self._metrics.triton_info.remove(self._name, self._version)

    def _tell_trouble(self, was_good: bool) -> None:
        trouble = self.trouble
        self._tell_state()
        if was_good:
            self._metrics.circuit_opened.labels(trouble.kind.name.lower()).inc()
        now = time.monotonic()
        expected = not self._was_ready and now - self._circuit.opened_at < self._start_s
        expected = expected and trouble.kind is not TroubleKind.UNFIT
        is_news = now - self._warned_at.get(trouble.kind, -float("inf")) > REMIND_SECONDS
        if is_news and not expected:
            self._warned_at[trouble.kind] = now
            log.warning("Triton is not ready", triton=self._name, cause=trouble.text)
        if was_good:
            self._on_change()

    def _tell_state(self) -> None:
        self._metrics.circuit_state.labels(self._name).set(self._circuit.state)

    def _tell_version(self, version: str) -> None:
        if self._version and self._version != version:
            self._metrics.triton_info.remove(self._name, self._version)
        self._version = version
        if version:
            self._metrics.triton_info.labels(self._name, version).set(1)
