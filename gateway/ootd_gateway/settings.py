"""The gateway's settings: from `OOTD_...` environment variables, a TOML file, or defaults."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ootd_gateway.start_error import StartError
from ootd_gateway.telemetry import LogFormat, LogLevel

ENVIRONMENT_PREFIX = "OOTD_"
CONFIG_VARIABLE = "OOTD_CONFIG"
# Variables with the prefix that belong to the commands around the gateway.
_OTHER_VARIABLES = {CONFIG_VARIABLE, "OOTD_DATA", "OOTD_SERVER", "OOTD_TOKEN"}
_ADDRESS = r"^(\S+:\d{1,5})$"


class Settings(BaseSettings):
    """Everything that can be chosen, validated. An environment variable beats the file."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid", env_ignore_empty=False
    )

    listen_address: str = Field(
        "127.0.0.1:8500",
        pattern=_ADDRESS,
        description="host:port of the gRPC services. Port 0 takes a free one; 0.0.0.0 is reachable "
        "from other machines, so set tokens and TLS there.",
    )
    metrics_address: str = Field(
        "127.0.0.1:9500",
        pattern=r"^(\S+:\d{1,5})?$",
        description="host:port of Prometheus metrics over HTTP, at /metrics. Port 0 takes a free "
        "one; empty turns them off.",
    )
    data_folder: Path = Field(
        Path("ootd-data"),
        description="Folder of the SQLite database and Triton's log. Made where it is missing; "
        "delete it and the catalogue is gone.",
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL of the database. Empty: SQLite in the data folder.",
    )
    triton_mode: Literal["embedded", "external"] = Field(
        "embedded",
        description="embedded: the gateway starts and watches a Triton of its own; external: it "
        "uses the one at triton_address.",
    )
    triton_address: str = Field(
        "127.0.0.1:8001",
        pattern=r"^\S+$",
        description="gRPC target of the external Triton: host:port, or dns:///name:port to use "
        "every address of a name in turn. Unused with an embedded one.",
    )
    triton_grpc_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of the embedded Triton's gRPC, on loopback. 0: a free one.",
    )
    triton_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of the embedded Triton's own metrics, on loopback. 0: a free one.",
    )
    triton_start_seconds: float = Field(
        180.0,
        ge=1,
        le=3600,
        description="How long the embedded Triton may take until every model is ready; the gateway "
        "gives up after that.",
    )
    triton_gpu: bool = Field(
        False,
        description="Whether the embedded Triton may use this machine's GPUs.",
    )
    model_repository: Path = Field(
        Path("model_repository"),
        description="Folder of the models that the embedded Triton serves.",
    )
    attribute_model: Literal["tagger", "sequencer"] = Field(
        "tagger",
        description="Which model tells sub-category and attributes where a request does not say: "
        "tagger (each attribute group by itself) or sequencer (one after the other, guided by the "
        "category).",
    )
    vision_concurrency: int = Field(
        8,
        ge=1,
        le=1024,
        description="Photos in Triton at a time; others wait for their turn. More raises "
        "throughput until the models are busy, then only the time of each photo.",
    )
    max_image_bytes: int = Field(
        20 * 1024 * 1024,
        ge=1024,
        le=30 * 1024 * 1024,
        description="Size of the largest encoded photo in bytes; larger ones are refused with "
        "RESOURCE_EXHAUSTED.",
    )
    max_image_pixels: int = Field(
        50_000_000,
        ge=256,
        le=500_000_000,
        description="Width times height of the largest photo in pixels, read from its header. A "
        "decoded pixel takes 3 bytes of Triton's memory.",
    )
    min_image_side_pixels: int = Field(
        16,
        ge=1,
        le=1024,
        description="Shorter side of the smallest photo in pixels.",
    )
    shards_per_category: int = Field(
        1,
        ge=1,
        le=64,
        description="Shards of each super-category's index. More let a large index be searched by "
        "several cores at once.",
    )
    index_precision: Literal["f16", "f32"] = Field(
        "f16",
        description="Precision of vectors in the index's graphs: 256 or 512 bytes a vector. "
        "Hits are ranked by exact scores in any case.",
    )
    index_exact_limit_items: int = Field(
        10_000,
        ge=0,
        le=10_000_000,
        description="Up to so many items in a shard a search compares all of them; above, it walks "
        "a graph (HNSW).",
    )
    index_connectivity: int = Field(
        16,
        ge=2,
        le=256,
        description="HNSW: links per entry (M). More finds more and takes more memory.",
    )
    index_expansion_add: int = Field(
        128,
        ge=8,
        le=4096,
        description="HNSW: candidates looked at when an entry is added (efConstruction). More "
        "finds more and makes ingest slower.",
    )
    index_expansion_search: int = Field(
        128,
        ge=8,
        le=4096,
        description="HNSW: candidates looked at in a search (ef). More finds more and makes "
        "searches slower.",
    )
    color_weight: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Weight of colour in a hit's score, 0 to 1; appearance has the rest.",
    )
    search_threads: int = Field(
        4,
        ge=1,
        le=256,
        description="Searches of the index that run at a time.",
    )
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
    default_deadline_seconds: float = Field(
        15.0,
        gt=0,
        le=3600,
        description="Time that a call gets whose caller sets no deadline.",
    )
    max_deadline_seconds: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Longest time that a call, or one element of a stream, gets, whatever deadline "
        "its caller sets.",
    )
    max_connection_age_seconds: float = Field(
        0.0,
        ge=0,
        le=86400,
        description="Age at which connections are closed gently, so that clients find new "
        "replicas. 0: never.",
    )
    drain_seconds: float = Field(
        20.0,
        ge=0,
        le=3600,
        description="How long running calls may take to end after SIGTERM or Ctrl-C; what still "
        "runs then is cut off.",
    )
    tls_certificate_file: Path | None = Field(
        None,
        description="PEM file of the server's certificate chain. With it and tls_private_key_file "
        "the gRPC port speaks TLS alone.",
    )
    tls_private_key_file: Path | None = Field(
        None, description="PEM file of the certificate's private key."
    )
    tls_client_ca_file: Path | None = Field(
        None,
        description="PEM file of the authority whose client certificates are asked for. Empty: "
        "none are.",
    )
    token_file: Path | None = Field(
        None,
        description="File of bearer tokens, one a line, # for comments. With it every call but "
        "health and reflection must carry one.",
    )
    reflection: bool = Field(
        True,
        description="Whether callers can ask for the services' descriptions, as grpcurl does.",
    )
    log_level: LogLevel = Field("info", description="Least severe log lines that are written.")
    log_format: LogFormat = Field(
        "json", description="json: one object a line; console: coloured text for people."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        if (self.tls_certificate_file is None) != (self.tls_private_key_file is None):
            raise ValueError("set both of tls_certificate_file and tls_private_key_file, or none")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_client_ca_file needs tls_certificate_file")
        if self.max_deadline_seconds < self.default_deadline_seconds:
            raise ValueError("max_deadline_seconds must not be below default_deadline_seconds")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment beat what the file gave (which comes as arguments)."""
        return env_settings, init_settings


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, where each came from, and what looked odd on the way."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]


def load_settings(config_file: Path | None = None) -> LoadedSettings:
    """Read the settings. `config_file` is by default the one that OOTD_CONFIG names, if any.

    Raises StartError that names every field at fault, where it was set, and what it must be.
    """
    if config_file is None and os.environ.get(CONFIG_VARIABLE):
        config_file = Path(os.environ[CONFIG_VARIABLE])
    from_file = {} if config_file is None else _read_file(config_file)
    origins = {name: _origin(name, from_file, config_file) for name in Settings.model_fields}
    try:
        settings = Settings(**from_file)
    except ValidationError as error:
        raise StartError(_explain(error, origins)) from None
    return LoadedSettings(settings, origins, tuple(_unknown_variables()))


def environment_name(field: str) -> str:
    """Return the environment variable of a field."""
    return ENVIRONMENT_PREFIX + field.upper()


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise StartError(f"cannot read the settings file {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartError(f"the settings file {path} is not valid TOML: {error}") from None
    for name in values:
        if name not in Settings.model_fields:
            raise StartError(f'the settings file {path} has an unknown key "{name}"{_hint(name)}')
    return values


def _origin(name: str, from_file: Mapping[str, Any], config_file: Path | None) -> str:
    variable = environment_name(name)
    # Environment variables are matched in any case, as pydantic-settings does.
    if variable in {key.upper() for key in os.environ}:
        return f"environment {variable}"
    return f"file {config_file}" if name in from_file else "default"


def _explain(error: ValidationError, origins: Mapping[str, str]) -> str:
    lines = []
    for fault in error.errors():
        if not fault["loc"]:
            lines.append(fault["msg"].removeprefix("Value error, "))
            continue
        name = str(fault["loc"][0])
        lines.append(
            f"{name}: {fault['msg'][:1].lower()}{fault['msg'][1:]}, is {fault['input']!r} "
            f"({origins.get(name, 'unknown')})"
        )
    return "settings: " + "; ".join(lines)


def _unknown_variables() -> list[str]:
    known = {environment_name(name) for name in Settings.model_fields} | _OTHER_VARIABLES
    return [
        f"the environment variable {key} is no setting{_hint(key.removeprefix(ENVIRONMENT_PREFIX))}"
        for key in sorted(os.environ)
        if key.startswith(ENVIRONMENT_PREFIX) and key not in known
    ]


def _hint(name: str) -> str:
    close = get_close_matches(name.lower(), Settings.model_fields, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
