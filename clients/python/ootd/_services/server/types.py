"""What a gateway tells of itself: versions, models, limits, health."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ootd._shared.names import AttributeModel

HealthState: TypeAlias = Literal["unknown", "serving", "not_serving", "service_unknown"]
"""What the standard health service says of a service."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What a gateway takes. Sizes are bytes, times seconds, sides pixels; 0: not told.

    A photo has at most `max_image_bytes` encoded and `max_image_pixels` decoded, and its shorter
    side at least `min_image_side` pixels. A call whose caller sets no deadline gets
    `default_deadline_s`, and none (nor one element of a stream) more than `max_deadline_s`. A
    stream ends after `stream_idle_s` without a request; 0: never.
    """

    max_image_bytes: int = 0
    max_image_pixels: int = 0
    min_image_side: int = 0
    max_request_bytes: int = 0
    max_answer_bytes: int = 0
    default_deadline_s: float = 0.0
    max_deadline_s: float = 0.0
    stream_idle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Versions, models and limits of a gateway; what is not known is "", 0 or None.

    `minimum_client_version` is the oldest version of this library that the gateway is made for.
    `vector_fingerprint` names the served models that make embeddings and histograms,
    `stored_vector_fingerprint` those that made the stored ones, and `graph_fingerprint` all served
    models and rules together. `attribute_model` is the one of requests that name none;
    `color_weight` is the share of colour in a hit's score, 0 to 1.
    """

    version: str
    minimum_client_version: str = ""
    taxonomy_version: int = 0
    vector_fingerprint: str = ""
    stored_vector_fingerprint: str = ""
    graph_fingerprint: str = ""
    vision_server: str = ""
    attribute_model: AttributeModel | None = None
    color_weight: float = 0.0
    limits: ServerLimits = ServerLimits()


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """How a gateway is: health by service name, and what could be read from it.

    `taxonomy_version` and `item_count` are None where the service that knows did not answer;
    `problems` then says why, a sentence each. `info` is None where the gateway did not tell it,
    which is no problem where it is merely older than `server_info`.
    """

    target: str
    health: Mapping[str, HealthState]
    taxonomy_version: int | None
    item_count: int | None
    problems: tuple[str, ...] = ()
    info: ServerInfo | None = None

    @property
    def is_serving(self) -> bool:
        """Whether every service answers "serving" and could be read from."""
        return not self.problems and all(state == "serving" for state in self.health.values())
