"""All Triton servers behind one target: found, watched, and chosen for each photo."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from ootd_gateway.errors import OotdError
from ootd_gateway.telemetry.metrics.vision import VisionMetrics
from ootd_gateway.types import AttributeModel
from ootd_gateway.vision.circuit_breaker import NOT_LOOKED_AT, Trouble, TroubleKind
from ootd_gateway.vision.triton_addresses import Address, AddressError, resolve
from ootd_gateway.vision.triton_connection import Connection, ConnectionOptions
from ootd_gateway.vision.triton_errors import refusal
from ootd_gateway.vision.triton_replica import Patience, Replica
from ootd_gateway.vision.triton_security import Security
from ootd_gateway.vision.triton_watch import Watch

log = structlog.get_logger(__name__)

RESOLVE_SECONDS = 10.0
"""How often a name is looked up again while servers behind it answer."""

RESOLVE_AGAIN_SECONDS = 1.0
"""The same while none does."""

START_SECONDS = 3.0
"""How long the start waits for each server to be tried. One that is still loading refuses
connections, which is known at once."""


class Replicas:
    """The servers behind a target. A new one gets photos once it has answered its first.

    `on_change` is called whenever one begins or ceases to be usable.
    """

    def __init__(
        self,
        target: str,
        options: ConnectionOptions,
        *,
        attribute_model: AttributeModel,
        patience: Patience,
        metrics: VisionMetrics,
        on_change: Callable[[], None],
    ) -> None:
        """Read the certificates. Raises StartError where they cannot be used."""
        self._target = target
        self._options = options
        self._security = Security(options.security)
        self._attribute_model = attribute_model
        self._patience = patience
        self._metrics = metrics
        self._on_change = on_change
        self._replicas: dict[Address, Replica] = {}
        self._watches: dict[Address, asyncio.Task[None]] = {}
        self._finder: asyncio.Task[None] | None = None
        self._removing: set[asyncio.Task[None]] = set()
        self._was_searched = asyncio.Event()
        self._unresolved = NOT_LOOKED_AT

    async def start(self) -> None:
        """Find the servers and watch them, in the background; see START_SECONDS."""
        if self._finder is None:
            self._finder = asyncio.create_task(self._find_forever())
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await self._was_searched.wait()
                for replica in list(self._replicas.values()):
                    await replica.was_tried.wait()

    @property
    def usable(self) -> list[Replica]:
        """Those that may be given photos."""
        return [one for one in self._replicas.values() if one.is_usable]

    @property
    def is_ready(self) -> bool:
        """Whether one of them answers photos that do not name an attribute model."""
        return any(one.is_ready for one in self._replicas.values())

    @property
    def troubles(self) -> list[str]:
        """Why each server that is not ready is not, with its name."""
        if not self._replicas:
            return [f"{self._target}: {self._unresolved.text}"]
        return [
            f"{one.name}: "
            f"{'it does not serve the usual model' if one.is_usable else one.trouble.text}"
            for one in self._replicas.values()
            if not one.is_ready
        ]

    def choose(self, *, but: Replica | None = None) -> Replica:
        """Return the usable server with the fewest photos in it.

        Raises VisionUnavailableError where there is none, and InternalError where waiting would not
        help: what is served does not fit.
        """
        usable = [one for one in self.usable if one is not but]
        if not usable:
            raise self.refusal()
        chosen = min(usable, key=lambda one: len(one.connection.inferences))
        # Among those with equally many, each in its turn.
        address = next(key for key, one in self._replicas.items() if one is chosen)
        self._replicas[address] = self._replicas.pop(address)
        return chosen

    def refusal(self) -> OotdError:
        """Return the error of a call that none of them may be given."""
        troubles = [one.trouble for one in self._replicas.values()] or [self._unresolved]
        passing = [one for one in troubles if one.kind is not TroubleKind.UNFIT]
        return refusal(self._target, (passing or troubles)[0])

    async def close(self, grace_s: float) -> None:
        """Stop to watch, let photos end within `grace_s`, and close."""
        if self._finder is not None:
            await _end(self._finder)
        for address in list(self._replicas):
            self._remove(address, grace_s)
        if self._removing:
            await asyncio.wait(self._removing)

    async def _find_forever(self) -> None:
        while True:
            try:
                if self._security.has_changed():
                    for replica in self._replicas.values():
                        replica.reconnect()
                await self._find()
                self._was_searched.set()
            except Exception:
                log.exception("looking for Triton failed; it goes on", triton=self._target)
            await asyncio.sleep(RESOLVE_SECONDS if self.usable else RESOLVE_AGAIN_SECONDS)

    async def _find(self) -> None:
        try:
            found = await resolve(self._target)
        except AddressError as error:
            if self._unresolved.text != str(error):
                self._unresolved = Trouble(TroubleKind.UNREACHABLE, str(error))
                log.warning("Triton is not ready", triton=self._target, cause=str(error))
            return  # those that were found before are kept
        self._unresolved = NOT_LOOKED_AT
        for address in self._replicas.keys() - set(found):
            log.info("a Triton is gone", triton=address.target)
            self._remove(address, self._patience.photo_s)
        for address in found:
            if address not in self._replicas:
                self._add(address)

    def _add(self, address: Address) -> None:
        def connect() -> Connection:
            return Connection(address, self._options, self._security)

        replica = Replica(
            address.target,
            connect,
            patience=self._patience,
            metrics=self._metrics,
            on_change=self._on_change,
        )
        self._replicas[address] = replica
        watch = Watch(replica, self._attribute_model)
        self._watches[address] = asyncio.create_task(watch.run())

    def _remove(self, address: Address, grace_s: float) -> None:
        replica, watch = self._replicas.pop(address), self._watches.pop(address)

        async def remove() -> None:
            await _end(watch)
            await replica.close(grace_s)

        task = asyncio.create_task(remove())
        self._removing.add(task)
        task.add_done_callback(self._removing.discard)
        self._on_change()


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
