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
    max_caller_share: float = Field(
        0.75,
        gt=0,
        le=1,
        description="Part of max_concurrent_calls, of max_queued_calls, of "
        "max_concurrent_streams and of max_bytes_in_flight that one caller may have (at least one "
        "of each), and of vision_concurrency while others wait. A caller is a token or, without "
        "tokens, an address. 1: all of them, as where a proxy stands before the server.",
    )
    max_bytes_in_flight: int = Field(
        1024 * 1024 * 1024,
        ge=64 * 1024 * 1024,
        le=1 << 40,
        description="Bytes of all requests that are held at a time. While a request with a photo "
        "comes in, 32 MiB are kept free for it, so with 1 GiB 32 come in at a time, 24 of one "
        "caller; others wait for max_queue_seconds. Beyond it are held: one element of each "
        "stream, and requests of methods without photos (1 MiB at most; a larger one is refused "
        "once it is in).",
    )
    body_seconds: float = Field(
        20.0,
        ge=0,
        le=3600,
        description="How long the request of a call may take to come in once it is let in, within "
        "the call's deadline; then it ends with DEADLINE_EXCEEDED. 0: as long as the deadline.",
    )
    max_open_calls: int = Field(
        1024,
        ge=1,
        le=1_000_000,
        description="Calls of all kinds that are open at a time, health, reflection and waiting "
        "ones included; gRPC itself refuses further ones, without details.",
    )
    stream_idle_seconds: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="How long a stream may be open without anything to do: nothing comes in while "
        "all that came in is answered, or the caller takes none of its answers. 0: for ever.",
    )
