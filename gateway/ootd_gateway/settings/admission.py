"""How many calls run side by side, and who waits."""

from pydantic import BaseModel, Field


class AdmissionSettings(BaseModel):
    """How many calls run side by side, and who waits."""

    max_concurrent_calls: int = Field(
        64,
        ge=1,
        le=100_000,
        description="Calls that run at a time, streams not counted.",
    )
    max_queued_calls: int = Field(
        64,
        ge=0,
        le=100_000,
        description="Calls that may wait for others to end; further ones are refused at once with "
        "RESOURCE_EXHAUSTED.",
    )
    max_queue_seconds: float = Field(
        1.0,
        gt=0,
        le=60,
        description="How long a call may wait for others to end before it is refused.",
    )
    max_concurrent_streams: int = Field(
        16,
        ge=1,
        le=10_000,
        description="Streams (AnalyzeImages, UpsertItems) that run at a time; further ones are "
        "refused at once.",
    )
