"""The gateway's settings: from options, `OOTD_...` variables, a TOML file, or defaults."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from ootd_gateway.errors import StartError
from ootd_gateway.rpc.settings import AdmissionSettings, ServerSettings
from ootd_gateway.services.search.settings import SearchSettings
from ootd_gateway.store.settings import StorageSettings
from ootd_gateway.telemetry.log_privacy import without_passwords
from ootd_gateway.telemetry.settings import LogSettings
from ootd_gateway.vision.settings import VisionSettings

ENVIRONMENT_PREFIX = "OOTD_"
CONFIG_VARIABLE = "OOTD_CONFIG"
# Variables with the prefix that belong to the commands around the gateway.
_OTHER_VARIABLES = {CONFIG_VARIABLE, "OOTD_DATA", "OOTD_SERVER", "OOTD_TOKEN"}

# What Kubernetes puts into every container for a Service whose name begins with "ootd", such as
# OOTD_TRITON_METRICS_PORT=tcp://10.0.0.7:8002 for "ootd-triton-metrics".
_OF_KUBERNETES = re.compile(
    r"_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$"
)
_ADDRESS_OF_KUBERNETES = re.compile(r"^(tcp|udp|sctp)://")


class Settings(BaseModel):
    """Everything that can be chosen, validated: a class for each room, in the order in which
    people are shown them. Names of fields differ between rooms: outside they stand side by side.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: ServerSettings
    admission: AdmissionSettings
    vision: VisionSettings
    storage: StorageSettings
    search: SearchSettings
    log: LogSettings

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings of these values by their names, all others at their defaults.

        Raises pydantic.ValidationError.
        """
        rooms: dict[str, dict[str, Any]] = {room: {} for room in cls.model_fields}
        for name, value in values.items():
            rooms[FIELDS[name].room][name] = value
        return cls.model_validate(rooms)

    def value(self, name: str) -> Any:
        """Return the value of a setting by its name."""
        return getattr(getattr(self, FIELDS[name].room), name)


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting: its room in `Settings`, and what is said of it there."""

    room: str
    info: FieldInfo


def room_class(room: str) -> type[BaseModel]:
    """Return the class of a room of `Settings`."""
    found = Settings.model_fields[room].annotation
    assert isinstance(found, type)
    assert issubclass(found, BaseModel)
    return found


FIELDS: Mapping[str, SettingField] = {
    name: SettingField(room, info)
    for room in Settings.model_fields
    for name, info in room_class(room).model_fields.items()
}
"""All settings by their names, in the order in which people are shown them."""


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, where each came from, and what looked odd on the way."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]


def load_settings(
    config_file: Path | None = None, options: Mapping[str, str] | None = None
) -> LoadedSettings:
    """Read the settings; `options` are those of the command line, by the names of settings.

    An option beats the environment, the environment beats the file. `config_file` is by default the
    one that OOTD_CONFIG names, if any.

    Raises StartError that names every field at fault, where it was set, and what it must be.
    """
    if config_file is None and os.environ.get(CONFIG_VARIABLE):
        config_file = Path(os.environ[CONFIG_VARIABLE])
    given: dict[str, tuple[Any, str]] = {}
    if config_file is not None:
        for name, value in _read_file(config_file).items():
            given[name] = (value, f"file {config_file}")
    for name, text in _from_environment().items():
        given[name] = (text, f"environment {environment_name(name)}")
    for name, text in (options or {}).items():
        given[name] = (text, f"option {option_name(name)}")
    origins = {name: given[name][1] if name in given else "default" for name in FIELDS}
    try:
        settings = Settings.of({name: value for name, (value, _) in given.items()})
    except ValidationError as error:
        raise StartError(_explain(error, origins)) from None
    return LoadedSettings(settings, origins, tuple(_unknown_variables()))


def environment_name(field: str) -> str:
    """Return the environment variable of a field."""
    return ENVIRONMENT_PREFIX + field.upper()


def option_name(field: str) -> str:
    """Return the command line's option of a field."""
    return "--" + field.replace("_", "-")


def _from_environment() -> dict[str, str]:
    # Names are matched in any case: some tools write them in small letters.
    variables = {key.upper(): text for key, text in os.environ.items()}
    found = {}
    for name in FIELDS:
        variable = environment_name(name)
        if variable in variables and not _is_of_kubernetes(variable, variables[variable]):
            found[name] = variables[variable]
    return found


def _is_of_kubernetes(variable: str, text: str) -> bool:
    """Tell whether a variable tells of a Service instead of being meant for the gateway."""
    if variable.endswith("_PORT") and _ADDRESS_OF_KUBERNETES.match(text):
        return True
    return bool(_OF_KUBERNETES.search(variable))


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise StartError(f"cannot read the settings file {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartError(f"the settings file {path} is not valid TOML: {error}") from None
    for name in values:
        if name not in FIELDS:
            raise StartError(f'the settings file {path} has an unknown key "{name}"{_hint(name)}')
    return values


def _explain(error: ValidationError, origins: Mapping[str, str]) -> str:
    lines = []
    for fault in error.errors():
        message = fault["msg"].removeprefix("Value error, ")
        if len(fault["loc"]) < 2:  # of several settings together
            lines.append(message)
            continue
        name = str(fault["loc"][1])
        value = without_passwords(repr(fault["input"]))
        lines.append(
            f"{name}: {message[:1].lower()}{message[1:]}, is {value} "
            f"({origins.get(name, 'unknown')})"
        )
    return "settings: " + "; ".join(lines)


def _unknown_variables() -> list[str]:
    known = {environment_name(name) for name in FIELDS} | _OTHER_VARIABLES
    return [
        f"the environment variable {key} is no setting{_hint(key.removeprefix(ENVIRONMENT_PREFIX))}"
        for key in sorted(os.environ)
        if key.startswith(ENVIRONMENT_PREFIX)
        and key not in known
        and not _is_of_kubernetes(key, os.environ[key])
    ]


def closest(name: str) -> str:
    """Return which setting a wrong name probably means; "" where none is like it."""
    return next(iter(get_close_matches(name.lower(), FIELDS, n=1)), "")


def _hint(name: str) -> str:
    close = closest(name)
    return f'; did you mean "{close}"?' if close else ""
