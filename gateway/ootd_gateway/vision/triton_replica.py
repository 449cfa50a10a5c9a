"""One Triton server, and the photos that it was given."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import grpc
import structlog
from grpc import aio

from ootd_gateway.telemetry.metrics.vision import VisionMetrics
from ootd_gateway.types import AttributeModel, ImageAnalysis, Taxonomy
from ootd_gateway.vision.circuit_breaker import Trouble, TroubleKind
from ootd_gateway.vision.fault_count import FaultCount
from ootd_gateway.vision.lanes import Slot
from ootd_gateway.vision.silence import Silence
from ootd_gateway.vision.tensors import build_analysis, parse_outputs
from ootd_gateway.vision.triton_connection import Connection, Inference
from ootd_gateway.vision.triton_errors import unavailable
from ootd_gateway.vision.triton_health import Health
from ootd_gateway.vision.triton_models import ServedGraph
from ootd_gateway.vision.triton_requests import ENSEMBLES
from ootd_gateway.vision.triton_version import survives_cancelling

log = structlog.get_logger(__name__)

RETIRED_SECONDS = 120.0
"""How long requests in a connection that was given up may still take until it is closed."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may be silent, in seconds.

    `silent_s`: it answers nothing at all. `photo_s`: it was given photos and answers none of them.
    `start_s`: it was never ready, before that is worth a warning.
    """

    silent_s: float = 5.0
    photo_s: float = 20.0
    start_s: float = 0.0


class Replica:
    """One Triton server. `triton_watch` looks after it, and decides when it gets photos."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Connection],
        *,
        patience: Patience,
        metrics: VisionMetrics,
        on_change: Callable[[], None],
    ) -> None:
        self.name = name
        self.patience = patience
        self.health = Health(name, start_s=patience.start_s, metrics=metrics, on_change=on_change)
        self.version = ""
        self.graph: ServedGraph | None = None
        """The names and fingerprints that it answers with, as it told last."""
        self.graph_is_current = False
        """Whether they are to be read again."""
        self.serves_usual = False
        """Whether it serves the ensemble of requests that do not name an attribute model."""
        self.silence = Silence()
        self.faults = FaultCount()
        self.needs_look = asyncio.Event()
        """Set when something happened that a look may explain."""
        self.was_tried = asyncio.Event()
        """Set once it is known whether it is usable."""
        self._connect = connect
        self._connection = connect()
        self._retiring: dict[asyncio.Task[None], Connection] = {}
        self._last_photo_at = -math.inf

    @property
    def connection(self) -> Connection:
        """The one that is used now."""
        return self._connection

    @property
    def trouble(self) -> Trouble:
        """Why it is not usable."""
        return self.health.trouble

    @property
    def is_usable(self) -> bool:
        """Whether it may be given photos."""
        return self.health.is_good

    @property
    def is_ready(self) -> bool:
        """Whether it may be given photos that do not name an attribute model."""
        return self.is_usable and self.serves_usual

    @property
    def survives_cancelling(self) -> bool:
        """Whether a request to it may be cancelled."""
        return survives_cancelling(self.version)

    @property
    def photo_silence_s(self) -> float:
        """For how many seconds it has owed photos and answered none; 0 where it owes none."""
        owed = max((one.age_s for one in self._connection.inferences), default=0.0)
        return min(owed, time.monotonic() - self._last_photo_at)

    def infer(self, request: Any, slot: Slot | None) -> Inference:
        """Send a photo; the slot is given back once it is answered."""
        self.silence.asked()
        connection = self._connection

        def ended(inference: Inference) -> None:
            if connection is self._connection:
                if self.faults.ended(inference.error):
                    self.graph_is_current = False  # so the next look sends it a first photo again
                    self.needs_look.set()
                self._on_end(inference)

        return connection.infer(request, slot, ended)

    def analysis_of(self, response: Any) -> ImageAnalysis:
        """Return what a response says. Raises InternalError where it cannot be understood."""
        assert self.graph is not None, "it is tried before it is used"
        analysis = build_analysis(parse_outputs(response), self.graph.taxonomy)
        if analysis.served != self.graph.served:
            # Models were exchanged while it ran; the next look reads their names again.
            self.graph = replace(self.graph, served=analysis.served)
            self.graph_is_current = False
        return analysis

    def take_graph(self, taxonomy: Taxonomy, response: Any) -> None:
        """Take over these names, and what an answer says of the models. Raises InternalError where
        the answer cannot be understood."""
        served = build_analysis(parse_outputs(response), taxonomy).served
        self.graph = ServedGraph(taxonomy, served)
        self.graph_is_current = True

    async def serves(self, model: AttributeModel) -> bool:
        """Ask whether it serves the ensemble of an attribute model. Raises aio.AioRpcError."""
        return await self._connection.is_model_ready(ENSEMBLES[model])

    async def serves_another_than(self, model: AttributeModel) -> bool:
        """Ask whether it serves any other ensemble. Raises aio.AioRpcError."""
        return any([await self.serves(one) for one in ENSEMBLES if one is not model])

    async def lacks(self, model: AttributeModel) -> bool:
        """Tell whether it serves other ensembles but not this one; False where it does not say."""
        try:
            return await self.serves_another_than(model) and not await self.serves(model)
        except aio.AioRpcError:
            return False

    def give_up(self, trouble: Trouble) -> None:
        """Stop to wait for anything, and connect anew; what it was given is left alone."""
        lost = self._open_photos()
        self.health.bad(trouble)
        self.reconnect()
        for inference in lost:
            inference.give_up(unavailable(self.name, trouble.text))

    def give_up_overdue(self, seconds: float) -> None:
        """Free the slots of photos that are older than this while others are answered, also of
        those in connections that were given up."""
        for inference in self._open_photos():
            if inference.age_s > seconds:
                log.warning("Triton has not answered a photo", triton=self.name, after_s=seconds)
                inference.give_up(unavailable(self.name, "it has not answered this photo"))

    def reconnect(self) -> None:
        """Make a new connection; requests in the old one may run to their end."""
        former, self._connection = self._connection, self._connect()
        self.silence.answered(open_questions=False)
        self.graph_is_current = False
        self._retire(former, RETIRED_SECONDS)

    async def close(self, grace_s: float) -> None:
        """Close all connections; a server that answers gets `grace_s` to end what it was given."""
        grace_s = grace_s if self.is_usable else 0.0
        self._retire(self._connection, grace_s)
        await asyncio.wait(self._retiring, timeout=grace_s + 1)
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        self.health.forget()

    def _retire(self, connection: Connection, grace_s: float) -> None:
        task = asyncio.create_task(connection.close(grace_s))
        self._retiring[task] = connection
        task.add_done_callback(self._retiring.pop)

    def _open_photos(self) -> list[Inference]:
        """Those that Triton owes, in all connections."""
        connections = (self._connection, *self._retiring.values())
        return [inference for one in connections for inference in one.inferences]

    def _on_end(self, inference: Inference) -> None:
        error = inference.error
        if error is not None and error.code() is grpc.StatusCode.UNAVAILABLE:
            self.needs_look.set()
            if not self._connection.is_up:
                details = error.details() or "the connection was lost"
                trouble = Trouble(TroubleKind.UNREACHABLE, details)
                self.health.lost_connection(trouble, asked_at=inference.started_at)
                return
        self.health.answered()
        self.silence.answered(open_questions=bool(self._connection.inferences))
        self._last_photo_at = time.monotonic()
