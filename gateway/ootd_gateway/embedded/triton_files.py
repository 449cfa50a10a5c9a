"""Where the files of Triton's wheel are, and how they get there without what they do not need.

Only files of the wheel are used: the server, its Python backend and the stubs. The wheel's own
Python half would bring some thirty packages more, so `python -m ootd_gateway.embedded.fetch` puts
the files alone into the environment, outside of what Python imports. The wheel installed as any
other, as the extra `embedded` does, is taken too.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from ootd_gateway.embedded.errors import EmbeddedTritonError

WHEEL = "nvidia-pytriton==0.7.0"
FETCH_COMMAND = "python -m ootd_gateway.embedded.fetch"

_INSIDE = Path("pytriton", "tritonserver")


def find() -> Path | None:
    """Return the folder with Triton's `bin` and `backends`, None where there is none."""
    fetched = fetched_folder() / _INSIDE
    if fetched.is_dir():
        return fetched
    spec = importlib.util.find_spec("pytriton")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "tritonserver"


def fetched_folder() -> Path:
    """Where `fetch` puts the files: in the environment, a folder for each version."""
    return Path(sys.prefix, "share", "ootd-gateway", WHEEL.replace("==", "-"))


def fetch() -> Path:
    """Put the files of the wheel into the environment unless they are there; return their folder.

    Takes some 55 MB from the package index. Raises EmbeddedTritonError where the installer fails,
    with its last words; then nothing is left behind.
    """
    folder = fetched_folder()
    if (folder / _INSIDE).is_dir():
        return folder
    incoming = folder.with_name(f"{folder.name}.incoming")
    shutil.rmtree(incoming, ignore_errors=True)
    try:
        incoming.parent.mkdir(parents=True, exist_ok=True)
        command = [*_installer(), "--no-deps", "--target", str(incoming), WHEEL]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise EmbeddedTritonError(
                f"{WHEEL} could not be fetched: {words[-1] if words else 'the installer failed'}"
            )
        # Whole or not at all: a fetch that was killed is not taken for Triton.
        incoming.rename(folder)
    except OSError as error:
        raise EmbeddedTritonError(f"{WHEEL} could not be put into {folder}: {error}") from None
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return folder


def _installer() -> list[str]:
    """The environment's pip; uv where there is none, as in environments that uv makes."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv = shutil.which("uv")
    if uv is None:
        raise EmbeddedTritonError(
            f"this environment has neither pip nor uv to fetch {WHEEL} with; "
            "run: python -m ensurepip"
        )
    return [uv, "pip", "install", "--quiet", "--python", sys.executable]
