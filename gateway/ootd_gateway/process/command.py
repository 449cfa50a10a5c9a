"""The command `ootd-gateway`: reads settings, wires the rooms together, serves."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from ootd_gateway.errors import StartError
from ootd_gateway.process.application import run
from ootd_gateway.process.command_line import (
    Arguments,
    gateway_version,
    parse_arguments,
    settings_table,
)
from ootd_gateway.process.file_descriptors import raise_limit
from ootd_gateway.process.settings import LoadedSettings, environment_name, load_settings
from ootd_gateway.telemetry.logs import configure_logging, is_text

EXIT_OK = 0
EXIT_FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; 1 where the gateway cannot start."""
    wanted = parse_arguments(arguments)
    loaded: LoadedSettings | None = None
    try:
        loaded = load_settings(wanted.config_file, wanted.settings)
        if wanted.print_settings:
            sys.stdout.write(settings_table(loaded) + "\n")
            for warning in loaded.warnings:
                sys.stderr.write(f"ootd-gateway: {warning}\n")
            return EXIT_OK
        settings = loaded.settings
        configure_logging(level=settings.log.log_level, log_format=settings.log.log_format)
        _greet(loaded)
        raise_limit()
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run(settings, ready_file=wanted.ready_file))
    except StartError as error:
        _tell(error, loaded, wanted)
        return EXIT_FAILED
    return EXIT_OK


def _tell(error: StartError, loaded: LoadedSettings | None, wanted: Arguments) -> None:
    """Say why there is no start: as the log is, or as a sentence where people read it."""
    if loaded is not None:
        log_format: str = loaded.settings.log.log_format
    else:  # the settings themselves are at fault
        variable = os.environ.get(environment_name("log_format"), "auto")
        log_format = wanted.settings.get("log_format", variable)
    if wanted.print_settings or (
        log_format != "json" and is_text("console" if log_format == "console" else "auto")
    ):
        sys.stderr.write(f"ootd-gateway: {error}\n")
        return
    configure_logging(level="error", log_format="json")
    structlog.get_logger(__name__).error(f"cannot start: {error}")


def _greet(loaded: LoadedSettings) -> None:
    """Say what starts, where its data is, and what looked odd."""
    log = structlog.get_logger(__name__)
    log.info(
        "starting",
        version=gateway_version(),
        data_folder=str(loaded.settings.storage.data_folder.absolute()),
    )
    for warning in loaded.warnings:
        log.warning(warning)
    former = Path("ootd-data").absolute()
    if loaded.origins["data_folder"] == "default" and (former / "ootd.sqlite").exists():
        log.warning(
            "there is a catalogue in the former default folder, which is not used; set "
            "OOTD_DATA_FOLDER to use it",
            folder=str(former),
        )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop where there is one; it is faster and steadier."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
