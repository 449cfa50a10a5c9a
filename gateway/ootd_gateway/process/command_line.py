"""The command `ootd-gateway`: its options, its help and the table of settings."""

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from ootd_gateway.process.settings import (
    FIELDS,
    LoadedSettings,
    Settings,
    closest,
    environment_name,
    option_name,
    room_class,
)
from ootd_gateway.telemetry.log_privacy import without_passwords

_UNITS = ("seconds", "bytes", "pixels", "calls", "streams", "threads", "items")
_WIDTH = 96
_DESCRIPTION = """\
Serves the OOTD services over gRPC until SIGTERM or Ctrl-C.

Every setting is an option, an environment variable, or a key of a TOML file; an option beats the
variable, a variable beats the file."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the command line asks for; `settings` are texts by the names of settings."""

    config_file: Path | None
    ready_file: Path | None
    print_settings: bool
    settings: Mapping[str, str]


def parse_arguments(arguments: list[str] | None = None) -> Arguments:
    """Read the command line; answers --help and --version itself."""
    parser = command_parser()
    known, unknown = parser.parse_known_args(arguments)
    if unknown:
        first = unknown[0].partition("=")[0]
        meant = closest(first.lstrip("-").replace("-", "_")) if first.startswith("--") else ""
        hint = f"; did you mean {option_name(meant)}?" if meant else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    parsed = vars(known)
    return Arguments(
        config_file=parsed["config"],
        ready_file=parsed["ready_file"],
        print_settings=parsed["print_settings"],
        settings={name: parsed[name] for name in FIELDS if name in parsed},
    )


def command_parser() -> argparse.ArgumentParser:
    """Return the command's options: its own, and one for each setting, grouped by room."""
    parser = argparse.ArgumentParser(
        prog="ootd-gateway",
        usage="%(prog)s [--config FILE] [--ready-file FILE] [--print-settings] [--SETTING VALUE]",
        description=_DESCRIPTION,
        formatter_class=lambda prog: argparse.RawTextHelpFormatter(
            prog, max_help_position=6, width=_WIDTH
        ),
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="TOML file of settings (default: the one that OOTD_CONFIG names, if any)",
    )
    parser.add_argument(
        "--print-settings",
        action="store_true",
        help="print every setting: value, unit, default, and where the value came from; and exit",
    )
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="once everything is ready, write the addresses there as JSON",
    )
    parser.add_argument("--version", action="version", version=f"ootd-gateway {gateway_version()}")
    for room in map(room_class, Settings.model_fields):
        group = parser.add_argument_group((room.__doc__ or room.__name__).rstrip("."))
        for name, field in room.model_fields.items():
            _add_option(group, name, field)
    return parser


def settings_table(loaded: LoadedSettings) -> str:
    """Return each setting's value, unit, default and origin, one a line; passwords are masked."""
    rows = [("setting", "value", "unit", "default", "from")]
    for name, field in FIELDS.items():
        value, default = shown(loaded.settings.value(name)), shown(_default(field.info))
        rows.append((name, value, _unit(name) or "-", default, loaded.origins[name]))
    widths = [min(48, max(len(row[column]) for row in rows)) for column in range(4)]
    return "\n".join(
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )


def shown(value: Any) -> str:
    """Return a setting's value for people, without passwords."""
    if value is None or value == "":
        return "-"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return without_passwords(text)


def gateway_version() -> str:
    """Return the installed gateway's version, such as "0.1.0"."""
    try:
        return version("ootd-gateway")
    except PackageNotFoundError:
        return "(not installed)"


def _add_option(group: "argparse._ArgumentGroup", name: str, field: FieldInfo) -> None:
    facts = (environment_name(name), _unit(name), _range(field), f"default {_shown_default(field)}")
    text = "\n".join(
        [
            *textwrap.wrap(field.description or "", _WIDTH - 8),
            f"({', '.join(part for part in facts if part)})",
        ]
    )
    # Values are checked with those of file and environment, so that all faults are told at once.
    group.add_argument(
        option_name(name),
        dest=name,
        default=argparse.SUPPRESS,
        metavar=_placeholder(name, field),
        help=text.replace("%", "%%"),
    )


def _placeholder(name: str, field: FieldInfo) -> str:
    if field.annotation is bool:
        return "true|false"
    if name.endswith(("_file", "_folder", "_address", "_url")):
        return name.rpartition("_")[2].upper()
    return (_unit(name) or "value").upper()


def _unit(name: str) -> str:
    return next((unit for unit in _UNITS if name.endswith("_" + unit)), "")


def _range(field: FieldInfo) -> str:
    choices = _choices(field.annotation)
    if choices:
        return " or ".join(choices)
    limits = {type(one).__name__.lower(): one for one in field.metadata}
    low = limits.get("ge") or limits.get("gt")
    high = limits.get("le")
    if low is None or high is None:
        return ""
    start = getattr(low, "ge", None)
    text = f"above {low.gt:g}" if start is None else f"{start:,}".replace(",", "_")
    return f"{text} to {high.le:,}".replace(",", "_")


def _choices(annotation: Any) -> Sequence[str]:
    """Return the texts that a setting may be, of a Literal or an enum; else none."""
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [one.value for one in annotation]
    found = get_args(annotation)
    return found if all(isinstance(one, str) for one in found) else ()


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True, validated_data={})


def _shown_default(field: FieldInfo) -> str:
    default = _default(field)
    return "none" if default is None or default == "" else shown(default)
