"""What the gateway stands on, and what is missing of it."""

from collections.abc import Collection, Mapping
from enum import StrEnum


class Dependency(StrEnum):
    """What a service may need."""

    GATEWAY = "gateway"
    """The process itself: not while it starts or stops."""
    VISION = "vision"
    """The vision graph."""
    STORE = "store"
    """The database."""
    INDEX = "index"
    """The index, once the change log was replayed."""


class Readiness:
    """Knows of each dependency why it is missing; at first all of them are.

    Written by the event loop alone; may be read from any thread.
    """

    def __init__(self) -> None:
        self._obstacles: dict[Dependency, str] = dict.fromkeys(
            Dependency, "the gateway is starting"
        )

    def set(self, dependency: Dependency, obstacle: str = "") -> bool:
        """Say why a dependency is missing, "" where it is not; tells whether that has changed
        between missing and there."""
        before = self._obstacles[dependency]
        self._obstacles[dependency] = obstacle
        return bool(before) != bool(obstacle)

    def missing(self, needed: Collection[Dependency] = tuple(Dependency)) -> Mapping[str, str]:
        """Return why each of the needed dependencies that is missing is."""
        return {one.value: self._obstacles[one] for one in needed if self._obstacles[one]}
