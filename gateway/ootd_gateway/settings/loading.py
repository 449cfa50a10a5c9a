"""The gateway's settings: from `OOTD_...` environment variables, a TOML file, or defaults."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ootd_gateway.settings.admission import AdmissionSettings
from ootd_gateway.settings.logs import LogSettings
from ootd_gateway.settings.search import SearchSettings
from ootd_gateway.settings.server import ServerSettings
from ootd_gateway.settings.storage import StorageSettings
from ootd_gateway.settings.vision import VisionSettings
from ootd_gateway.start_error import StartError

ENVIRONMENT_PREFIX = "OOTD_"
CONFIG_VARIABLE = "OOTD_CONFIG"
# Variables with the prefix that belong to the commands around the gateway.
_OTHER_VARIABLES = {CONFIG_VARIABLE, "OOTD_DATA", "OOTD_SERVER", "OOTD_TOKEN"}


class Settings(
    LogSettings,
    AdmissionSettings,
    SearchSettings,
    VisionSettings,
    StorageSettings,
    ServerSettings,
    BaseSettings,
):
    """Everything that can be chosen, validated. An environment variable beats the file."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid", env_ignore_empty=False
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
