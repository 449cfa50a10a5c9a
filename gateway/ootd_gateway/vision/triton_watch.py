"""Looks after one Triton: tries it before it gets photos, notices when it is in trouble."""

import asyncio
import time
from contextlib import suppress

import structlog
from grpc import aio

from ootd_gateway.errors import InternalError, OotdError
from ootd_gateway.telemetry.tracing import untraced
from ootd_gateway.types import AttributeModel, Taxonomy
from ootd_gateway.vision.circuit_breaker import SAME_LOSS_SECONDS, Trouble, TroubleKind
from ootd_gateway.vision.triton_connection import Inference
from ootd_gateway.vision.triton_errors import not_served, trouble_of
from ootd_gateway.vision.triton_models import read_taxonomy
from ootd_gateway.vision.triton_replica import Replica
from ootd_gateway.vision.triton_requests import ENSEMBLES, canary_request

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""Pause between two looks at a server that is well."""

LOOK_AGAIN_SECONDS = 0.25
"""The same at one that is not."""

LATE_LOOKS_TO_RECONNECT = 3
"""After so many looks without an answer a new connection is made: the old one may be dead without
anybody having been told."""

CANARY_WAIT_SECONDS = 3.0
"""How long one look waits for the answer to the first photo; later ones wait on."""

CANARY_SECONDS = 60.0
"""How long the first photo may take, as a GPU prepares itself in it. Then another one is sent."""

LOST_PHOTO_FACTOR = 3.0
"""A photo that took so many times `Patience.photo_s` while others were answered is lost."""


class Watch:
    """Looks at one server until cancelled.

    It asks whether the models are ready. Once they are, one tiny photo goes through the whole
    graph; only when that is answered do callers' photos follow. From then on the server is kept
    from photos when connections to it are lost, when it says that it serves nothing, and when it is
    silent for too long, and when it fails at photo after photo and at such a first photo too. An
    answer that is merely late changes nothing.
    """

    def __init__(self, replica: Replica, attribute_model: AttributeModel) -> None:
        self._replica = replica
        self._attribute_model = attribute_model
        self._late_looks = 0
        self._canary: tuple[Inference, Taxonomy] | None = None
        self._lack_was_told = False

    async def run(self) -> None:
        """Look until cancelled. A look that fails for whatever reason is followed by the next."""
        replica = self._replica
        while True:
            replica.needs_look.clear()
            try:
                with untraced():  # a probe each second tells a trace nothing
                    await self.look()
            except Exception:
                log.exception("a look at Triton failed; the next follows", triton=replica.name)
            if self._canary is None:
                replica.was_tried.set()
            calm = replica.is_usable and not self._late_looks
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS if calm else LOOK_AGAIN_SECONDS):
                    await replica.needs_look.wait()

    async def look(self) -> None:
        """Look once."""
        replica = self._replica
        if not replica.connection.is_up:
            replica.graph_is_current = False  # it may come back with other models
        replica.silence.asked()
        asked_at, asked = time.monotonic(), replica.connection
        try:
            served = await self._served_ensemble()
        except aio.AioRpcError as error:
            if replica.connection is not asked:
                return  # this one was given up meanwhile, so its end says nothing
            self._got_no_answer(trouble_of(error), asked_at)
            return
        self._late_looks = 0
        replica.health.answered()
        replica.silence.answered(open_questions=bool(replica.connection.inferences))
        if served is None:
            names = " nor ".join(ENSEMBLES.values())
            replica.health.bad(
                Trouble(TroubleKind.NOT_SERVED, f"it answers, but neither {names} is ready")
            )
            return
        if not (replica.is_usable and replica.graph_is_current):
            await self._try_out(served)
        if replica.is_usable:
            self._check_photos()

    async def _served_ensemble(self) -> AttributeModel | None:
        """The attribute model whose ensemble can be tried: the usual one where it is served."""
        replica, usual = self._replica, self._attribute_model
        replica.serves_usual = await replica.serves(usual)
        if replica.serves_usual:
            self._lack_was_told = False
            return usual
        others = [one for one in ENSEMBLES if one is not usual and await replica.serves(one)]
        if others and not self._lack_was_told:
            self._lack_was_told = True
            # Calls are told so themselves; those that ask for another one are answered.
            log.error(not_served(usual).message, triton=replica.name)
        return others[0] if others else None

    def _got_no_answer(self, trouble: Trouble, asked_at: float) -> None:
        replica = self._replica
        if trouble.kind is TroubleKind.UNREACHABLE:
            self._late_looks = 0
            replica.silence.answered(open_questions=False)
            replica.health.lost_connection(trouble, asked_at=asked_at)
            if replica.is_usable:
                # Whether it was the connection alone.
                soon = asyncio.get_running_loop().call_later
                soon(SAME_LOSS_SECONDS, replica.needs_look.set)
            return
        if trouble.kind is not TroubleKind.SILENT:
            replica.health.bad(trouble)
            return
        self._late_looks += 1
        if not replica.is_usable:
            replica.health.bad(trouble)
            if self._late_looks % LATE_LOOKS_TO_RECONNECT == 0:
                replica.reconnect()
        elif replica.silence.seconds >= replica.patience.silent_s:
            seconds = f"{replica.silence.seconds:.0f} s"
            replica.give_up(Trouble(trouble.kind, f"it has answered nothing for {seconds}"))

    async def _try_out(self, model: AttributeModel) -> None:
        """Send the first photo, and let others follow once it is answered."""
        replica = self._replica
        if not replica.is_usable:
            replica.health.being_tried()
        try:
            canary, taxonomy = await self._sent_canary(model)
            async with asyncio.timeout(CANARY_WAIT_SECONDS):
                response = await canary.response()
            self._canary = None
            replica.take_graph(taxonomy, response)
        except TimeoutError:
            if replica.is_usable and replica.faults.is_suspicious:
                text = "it fails at every photo, and does not answer the one it is tried with"
                replica.health.bad(Trouble(TroubleKind.FAILED, text))
            return
        except aio.AioRpcError as error:
            self._canary = None
            replica.health.bad(trouble_of(error))
            return
        except OotdError as error:
            self._canary = None
            # What it answers cannot be understood, or it was given up meanwhile.
            unfit = isinstance(error, InternalError)
            kind = TroubleKind.UNFIT if unfit else TroubleKind.FAILED
            replica.health.bad(Trouble(kind, error.message))
            return
        replica.health.good(replica.version)

    async def _sent_canary(self, model: AttributeModel) -> tuple[Inference, Taxonomy]:
        """The first photo and the names that were served before it; sent where none is open."""
        replica = self._replica
        if self._canary is not None:
            canary, _ = self._canary
            is_of_now = canary in replica.connection.inferences or canary.has_ended
            if is_of_now and canary.age_s < CANARY_SECONDS:
                return self._canary
        replica.version = await replica.connection.server_version()
        taxonomy = await read_taxonomy(replica.connection)
        self._canary = replica.infer(canary_request(model), None), taxonomy
        return self._canary

    def _check_photos(self) -> None:
        replica = self._replica
        patience = replica.patience.photo_s
        if replica.photo_silence_s >= patience:
            text = f"it takes photos, but has answered none for {patience:.0f} s"
            replica.give_up(Trouble(TroubleKind.SILENT, text))
            return
        replica.give_up_overdue(patience * LOST_PHOTO_FACTOR)
