"""Puts a Triton server together from wheels: binary, backend folder, environment."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from ootd_gateway.embedded import triton_files
from ootd_gateway.embedded.errors import EmbeddedTritonError

_OWN_BACKENDS = Path(__file__).parent / "backends"
_WHEELS = {
    "onnxruntime": "onnxruntime",
    "nvidia.dali": "nvidia-dali-cuda130",
    "numpy": "numpy",
}


@dataclass(frozen=True)
class Installation:
    """What starting ``tritonserver`` takes."""

    binary: Path
    backends: Path
    environment: dict[str, str]


def assemble(folder: Path, *, gpu: bool) -> Installation:
    """Fill ``folder`` with the backends ``python``, ``onnxruntime`` and ``dali``.

    Without ``gpu`` Triton sees no GPU. Raises EmbeddedTritonError, with the remedy, where this
    machine or environment lacks something.
    """
    _check_machine()
    _check_wheels()
    triton = _triton()
    python = _python_backend(triton, folder)
    for name in ("onnxruntime", "dali"):
        shutil.copytree(_OWN_BACKENDS / name, folder / name, ignore=_no_caches)
    libraries = [str(_libpython_folder()), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
        # The stub embeds an interpreter of its own: it must see the packages that this one sees.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(_package_folders()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if not gpu:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    return Installation(triton / "bin" / "tritonserver", python.parent, environment)


def _check_machine() -> None:
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise EmbeddedTritonError(
            "embedded Triton runs on Linux x86_64 alone; set the address of a Triton server instead"
        )
    name, version = platform.libc_ver()
    if name == "glibc" and tuple(map(int, version.split("."))) < (2, 35):
        raise EmbeddedTritonError(
            f"embedded Triton needs glibc 2.35 or newer (Debian 12, Ubuntu 22.04), not {version}"
        )


def _check_wheels() -> None:
    missing = [wheel for module, wheel in _WHEELS.items() if not _is_installed(module)]
    if missing:
        raise EmbeddedTritonError(
            f"embedded Triton needs {', '.join(missing)}: pip install 'ootd-gateway[embedded]'"
        )
    numpy = importlib.metadata.version("numpy")
    if int(numpy.split(".")[0]) >= 2:
        raise EmbeddedTritonError(
            f"numpy {numpy} makes this Triton return empty tensors: pip install 'numpy<2'"
        )


def _triton() -> Path:
    triton = triton_files.find()
    if triton is None:
        raise EmbeddedTritonError(
            f"embedded Triton needs the files of {triton_files.WHEEL}: {triton_files.FETCH_COMMAND}"
        )
    return triton


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the parent package is missing
        return False


def _python_backend(triton: Path, folder: Path) -> Path:
    """Copy the Python backend, link the stub of the running Python: a linked library is refused by
    Triton, a copied stub would lose the libraries it finds relative to itself."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = triton / "python_backend_stubs" / version / "triton_python_backend_stub"
    if not stub.is_file():
        known = sorted(path.name for path in stub.parent.parent.iterdir())
        raise EmbeddedTritonError(
            f"nvidia-pytriton has no Python {version} stub; use one of: {', '.join(known)}"
        )
    target = folder / "python"
    target.mkdir(parents=True)
    for name in ("libtriton_python.so", "triton_python_backend_utils.py"):
        shutil.copy(triton / "backends" / "python" / name, target / name)
    (target / stub.name).symlink_to(stub)
    return target


def _libpython_folder() -> Path:
    """Where the interpreter's shared library lies, which the stub is linked to."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"libpython{version}.so.1.0"
    own = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    # `make` puts it into the environment where the distribution's Python comes without.
    for folder in (own, Path(sys.prefix, "lib")):
        if (folder / name).is_file():
            return folder
    try:
        ctypes.CDLL(name)  # where the dynamic linker looks by itself
    except OSError:
        raise EmbeddedTritonError(
            f"Triton's Python stub needs {name}: apt-get install libpython{version}"
        ) from None
    return own


def _package_folders() -> list[str]:
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def _no_caches(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]
