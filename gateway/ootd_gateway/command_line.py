"""The command `ootd-gateway`: its options, its help and the table of settings."""

import argparse
import re
import textwrap
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from ootd_gateway.settings.loading import LoadedSettings, Settings, environment_name

_UNITS = {
    "seconds": "seconds",
    "bytes": "bytes",
    "pixels": "pixels",
    "calls": "calls",
    "streams": "streams",
    "threads": "threads",
    "items": "items",
}
_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*@")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the command line asks for."""

    config_file: Path | None
    ready_file: Path | None
    print_settings: bool


def parse_arguments(arguments: list[str] | None = None) -> Arguments:
    """Read the command line; answers --help and --version itself."""
    parser = argparse.ArgumentParser(
        prog="ootd-gateway",
        description="Serves the OOTD services over gRPC until SIGTERM or Ctrl-C.",
        epilog=settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
        help="print every setting's value and where it came from, and exit",
    )
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="once everything is ready, write the addresses there as JSON",
    )
    parser.add_argument("--version", action="version", version=f"ootd-gateway {_version()}")
    parsed = parser.parse_args(arguments)
    return Arguments(
        config_file=parsed.config,
        ready_file=parsed.ready_file,
        print_settings=parsed.print_settings,
    )


def settings_help() -> str:
    """Return the list of all settings: name, variable, unit, default, meaning."""
    lines = ["settings (keys of the TOML file; an environment variable beats the file):", ""]
    for name, field in Settings.model_fields.items():
        unit = _unit(name)
        facts = ", ".join(
            part
            for part in (environment_name(name), unit, _range(field), f"default {_shown(field)}")
            if part
        )
        lines.append(f"  {name}  ({facts})")
        lines.extend(
            textwrap.wrap(
                field.description or "", 88, initial_indent="      ", subsequent_indent="      "
            )
        )
    return "\n".join(lines)


def settings_table(loaded: LoadedSettings) -> str:
    """Return each setting's value and origin, one a line; secrets are masked."""
    rows = [
        (name, masked(name, getattr(loaded.settings, name)), loaded.origins[name])
        for name in Settings.model_fields
    ]
    width = max(len(name) for name, _, _ in rows)
    value_width = min(48, max(len(value) for _, value, _ in rows))
    return "\n".join(
        f"{name:<{width}}  {value:<{value_width}}  {origin}" for name, value, origin in rows
    )


def masked(name: str, value: Any) -> str:
    """Return a setting's value for people, without passwords."""
    if value is None or value == "":
        return "-"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _PASSWORD.sub(r"\1***@", text) if name.endswith("_url") else text


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if name.endswith("_" + ending)), "")


def _range(field: FieldInfo) -> str:
    choices = get_args(field.annotation)
    if choices and all(isinstance(one, str) for one in choices):
        return " or ".join(choices)
    limits = {type(one).__name__.lower(): one for one in field.metadata}
    low = limits.get("ge") or limits.get("gt")
    high = limits.get("le")
    if low is None or high is None:
        return ""
    start = getattr(low, "ge", None)
    text = f"above {low.gt:g}" if start is None else f"{start:,}".replace(",", "_")
    return f"{text} to {high.le:,}".replace(",", "_")


def _shown(field: FieldInfo) -> str:
    return masked("", field.default) if field.default not in {None, ""} else "none"


def _version() -> str:
    try:
        return version("ootd-gateway")
    except PackageNotFoundError:
        return "(not installed)"
