"""An environment for each client, and what can be told of it: packages, versions, types, import."""

import json
import subprocess
import sys
import time
import venv
from pathlib import Path

from clients import Client
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

MYPY = "mypy==2.4.1"
_IMPORT_TRIES = 7
_NOT_COUNTED = {"pip", "setuptools", "wheel"}
_OF_GRPC = {"grpcio", "protobuf", "googleapis-common-protos"}
_VERSIONS = {
    "protobuf_3": ("protobuf", "3.20.3"),
    "protobuf_4": ("protobuf", "4.25.9"),
    "protobuf_5": ("protobuf", "5.29.6"),
    "protobuf_6": ("protobuf", "6.33.6"),
    "protobuf_7": ("protobuf", "7.36.2"),
    "grpcio_old": ("grpcio", "1.49.1"),
}
Results = dict[str, dict[str, object]]
"""By check: whether it holds, and what was seen."""


class Environment:
    """A virtual environment with one client, below `folder`."""

    def __init__(self, folder: Path, client: Client, requirement: str) -> None:
        self.client = client
        self._folder = folder / client.name
        self.python = self._folder / "bin" / "python"
        venv.create(self._folder, with_pip=True, clear=True)
        self.install(requirement)
        self.packages = self._packages()

    def install(self, *requirements: str) -> None:
        """Install; CalledProcessError where that fails."""
        quiet = ("--quiet", "--disable-pip-version-check")
        self._run("-m", "pip", "install", *quiet, *requirements)

    def version(self) -> str:
        """Return the version of the client."""
        return self.packages[self.client.distribution]

    def import_seconds(self) -> float:
        """Return the seconds that the import takes, Python's own start left out."""
        return self._fastest(f"import {self.client.module}") - self._fastest("pass")

    def versions(self) -> Results:
        """Return which other versions the client's own requirements allow."""
        code = (
            "import importlib.metadata as m, json; "
            f"d = m.metadata({self.client.distribution!r}); "
            "print(json.dumps([d.get('Requires-Python'), d.get_all('Requires-Dist')]))"
        )
        python, texts = json.loads(self._run("-c", code))
        needed: dict[str, SpecifierSet] = {}
        for one in map(Requirement, texts):
            # Told for Python 3.11 on Linux, as the greatest part of it may be.
            asked = {
                "extra": self.client.extra,
                "python_version": "3.11",
                "python_full_version": "3.11.7",
            }
            if one.marker is None or one.marker.evaluate(asked):
                needed[one.name] = needed.get(one.name, SpecifierSet()) & one.specifier
        results: Results = {}
        for name, (package, version) in _VERSIONS.items():
            holds = needed.get(package, SpecifierSet()).contains(version)
            results[f"versions.{name}"] = _result(
                holds, f"{package}{needed.get(package, ' not needed')}"
            )
        results["versions.python_3_10"] = _result(
            SpecifierSet(python or "").contains("3.10.13"), f"Python {python}"
        )
        others = [
            f"{name}{bound}" for name, bound in needed.items() if name not in _OF_GRPC and bound
        ]
        results["versions.others"] = _result(not others, ", ".join(others) or "none")
        return results

    def types(self, mypy: Path) -> Results:
        """Return what mypy says of the client's programs; `mypy` is the command."""
        code = f"import {self.client.module} as m, pathlib; print(pathlib.Path(m.__file__).parent)"
        folder = Path(self._run("-c", code).strip())
        marks = [path for path in (folder, folder.parent) if (path / "py.typed").is_file()]
        results = {"types.marked": _result(bool(marks), "py.typed" if marks else "no py.typed")}
        for name, program in self.client.programs.items():
            file = self._folder / f"program_{name}.py"
            file.write_text(program.lstrip(), encoding="utf-8")
            command = [str(mypy), "--strict", "--no-error-summary", "--python-executable"]
            done = subprocess.run(  # noqa: S603
                [*command, str(self.python), str(file)],
                cwd=self._folder,
                capture_output=True,
                text=True,
                check=False,
            )
            said = [line.partition(".py:")[2] for line in done.stdout.splitlines()]
            clean = done.returncode == 0
            holds = not clean if name == "wrong" else clean
            if name == "wrong":  # found for what is wrong, not for a package without types
                holds = holds and not any("import-untyped" in line for line in said)
            if name == "answers":
                holds = clean and not any("Any" in line for line in said)
            results[f"types.{name}"] = _result(holds, "; ".join(said)[:200] or "nothing to say")
        return results

    def probe(self, environment: dict[str, str]) -> Results:
        """Run the client's own checks in its environment."""
        results: Results = {}
        for name in self.client.probes:
            program = Path(__file__).with_name(name)
            done = subprocess.run(  # noqa: S603
                [str(self.python), str(program)],
                env=environment,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            if done.returncode != 0:
                raise RuntimeError(f"{name} did not run:\n{done.stderr[-2000:]}")
            results |= json.loads(done.stdout)
        return results

    def _packages(self) -> dict[str, str]:
        listed = json.loads(self._run("-m", "pip", "list", "--format=json"))
        return {one["name"]: one["version"] for one in listed if one["name"] not in _NOT_COUNTED}

    def _fastest(self, code: str) -> float:
        seconds = []
        for _ in range(_IMPORT_TRIES):
            begin = time.perf_counter()
            self._run("-c", code)
            seconds.append(time.perf_counter() - begin)
        return min(seconds)

    def _run(self, *arguments: str) -> str:
        command = [str(self.python), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command[:5])} failed:\n{done.stderr[-2000:]}")
        return done.stdout


def make_mypy(folder: Path) -> Path:
    """Install mypy into an environment of its own; return the command."""
    venv.create(folder / "mypy", with_pip=True, clear=True)
    python = folder / "mypy" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", MYPY]
    subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603
    return python.with_name("mypy")


def _result(holds: bool, seen: str) -> dict[str, object]:
    return {"holds": holds, "seen": seen}
