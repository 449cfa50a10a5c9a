"""How a command reaches the gateway: its options, stated once, and the client they make.

`with_connection` gives a command, and the groups above it, the same options. `ootd -s HOST status`
and `ootd status -s HOST` are the same; what stands further right counts.
"""

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from ootd import DEFAULT_TARGET, Client, ClientCertificate, RetryPolicy
from ootd.cli import failures
from ootd.cli.output import reason_of, say
from ootd.cli.wording import in_flags

DEFAULT_TIMEOUT_S = 30.0
"""Seconds for one call, patient enough for a first call to a cold gateway."""

_PATIENCE_S = 3.0
"""Seconds in which a gateway that is away is tried again: a person waits for the answer."""

_LONGEST_TIMEOUT_S = 86_400

_PANEL = "Gateway"


def finite(value: float | None) -> float | None:
    """Return the number; typer.BadParameter for nan and infinity, which no limit holds back."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"must be a number, is {value}")
    return value


def _a_time(value: float | None) -> float | None:
    if value is not None and not 0.001 <= value <= _LONGEST_TIMEOUT_S:
        raise typer.BadParameter(f"must be 0.001 to {_LONGEST_TIMEOUT_S}, is {value:g}")
    return value


def _pem(help_text: str) -> Any:
    return typer.Option(
        exists=True,
        dir_okay=False,
        metavar="PEM",
        help=help_text,
        show_default=False,
        rich_help_panel=_PANEL,
    )


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """The options of the connection as the command line has them; None and False: not given."""

    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            "-s",
            envvar="OOTD_SERVER",
            metavar="HOST:PORT",
            help="Where the gateway is.",
            show_default=DEFAULT_TARGET,
            rich_help_panel=_PANEL,
        ),
    ] = None
    token: Annotated[
        str | None,
        typer.Option(
            envvar="OOTD_TOKEN",
            help="Bearer token; the variable keeps it out of the list of processes.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            callback=_a_time,
            metavar="SECONDS",
            help="Longest wait for one call or answer.",
            show_default=f"{DEFAULT_TIMEOUT_S:g}",
            rich_help_panel=_PANEL,
        ),
    ] = None
    tls: Annotated[
        bool, typer.Option("--tls", help="Encrypt the connection.", rich_help_panel=_PANEL)
    ] = False
    root_certificates: Annotated[
        Path | None, _pem("Authorities to trust instead of the system's; implies --tls.")
    ] = None
    client_certificate: Annotated[
        Path | None, _pem("Certificate that shows who you are (mTLS); implies --tls.")
    ] = None
    client_key: Annotated[Path | None, _pem("Private key of --client-certificate.")] = None
    server_name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name on the gateway's certificate, where it is not the host's.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None
    allow_plaintext_token: Annotated[
        bool,
        typer.Option(
            "--allow-plaintext-token",
            help="Send the token unencrypted over a network that you trust.",
            rich_help_panel=_PANEL,
        ),
    ] = False

    @property
    def address(self) -> str:
        """The gateway's address."""
        return self.server or DEFAULT_TARGET


_NAMES = tuple(one.name for one in fields(ConnectionOptions))
_HINTS = get_type_hints(ConnectionOptions, include_extras=True)
_PARAMETERS = tuple(
    inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=_HINTS[one.name]
    )
    for one in fields(ConnectionOptions)
)


def with_connection(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command or a group of commands the options of the connection.

    Its first parameter is `context: typer.Context`; `gateway(context)` gives the client.
    """
    own = inspect.signature(command, eval_str=True)

    @wraps(command)
    def run(**values: Any) -> None:
        context: typer.Context = values["context"]
        _remember(context, {name: values.pop(name) for name in _NAMES})
        command(**values)

    signature = own.replace(parameters=[*own.parameters.values(), *_PARAMETERS])
    run.__signature__ = signature  # type: ignore[attr-defined]
    return run


def options_of(context: typer.Context) -> ConnectionOptions:
    """Return the options that were given on any level of the command line."""
    known = context.obj
    return known if isinstance(known, ConnectionOptions) else ConnectionOptions()


@contextmanager
def gateway(context: typer.Context) -> Iterator[Client]:
    """Yield a client of the gateway; a failed call ends the command with a sentence and a code.

    Raises typer.BadParameter where the options make no sense together.
    """
    options = options_of(context)
    with (
        warnings.catch_warnings(),
        _connect(options) as client,
        failures.reported(options.address),
    ):
        warnings.showwarning = _say_warning  # type: ignore[assignment]
        yield client


def _say_warning(message: Warning | str, *_: object) -> None:
    """What the client warns of is a sentence here, without the line of code that warned."""
    say(in_flags(str(message)), "yellow")


def _remember(context: typer.Context, values: dict[str, Any]) -> None:
    """A variable of the environment is read on every level, so it must not beat what was typed."""
    known = options_of(context)
    given = {}
    for name, value in values.items():
        source = context.get_parameter_source(name)
        typed = source is not None and source.name == "COMMANDLINE"
        if typed or (value and not getattr(known, name)):
            given[name] = value
    context.obj = replace(known, **given)


def _connect(options: ConnectionOptions) -> Client:
    certificate = _client_certificate(options)
    roots = _read(options.root_certificates, "--root-certificates")
    try:
        return Client(
            options.address,
            token=options.token or None,
            tls=options.tls or certificate is not None,
            root_certificates=roots,
            client_certificate=certificate,
            server_name=options.server_name,
            allow_plaintext_token=options.allow_plaintext_token,
            timeout_s=options.timeout or DEFAULT_TIMEOUT_S,
            retry=RetryPolicy(patience_s=_PATIENCE_S),
        )
    except ValueError as error:
        text = str(error)
        if "plaintext" in text:
            text = (
                f"the token would cross the network to {options.address} in plaintext: give --tls, "
                "or --allow-plaintext-token if the network is trusted"
            )
        about = {"token": "--token", "root_certificates": "--root-certificates"}
        hint = next((flag for word, flag in about.items() if word in text), "--server")
        raise typer.BadParameter(in_flags(text), param_hint=hint) from None


def _client_certificate(options: ConnectionOptions) -> ClientCertificate | None:
    chain = _read(options.client_certificate, "--client-certificate")
    key = _read(options.client_key, "--client-key")
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        missing = "--client-key" if key is None else "--client-certificate"
        raise typer.BadParameter("a certificate and its key go together", param_hint=missing)
    try:
        return ClientCertificate(chain, key)
    except ValueError as error:
        hint = "--client-key" if "private_key" in str(error) else "--client-certificate"
        raise typer.BadParameter(in_flags(str(error)), param_hint=hint) from None


def _read(path: Path | None, option: str) -> bytes | None:
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        text = f"cannot read {path}: {reason_of(error)}"
        raise typer.BadParameter(text, param_hint=option) from None
