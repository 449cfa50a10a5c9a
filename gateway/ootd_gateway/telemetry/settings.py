"""What is logged, and how."""

from pydantic import BaseModel, Field

from ootd_gateway.telemetry.logs import LogFormat, LogLevel


class LogSettings(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What is logged, and how."""

    log_level: LogLevel = Field(
        default="info", description="Least severe log lines that are written."
    )
    log_format: LogFormat = Field(
        default="auto",
        description="json: one object a line; console: text for people; auto: console on a "
        "terminal, json elsewhere.",
    )
