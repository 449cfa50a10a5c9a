"""Run the client's tests with the oldest and with the newest packages and Python there is.

    python make/test_client_ends.py [--oldest-python PATH] [--newest-python PATH] [--folder FOLDER]

Sets up two environments (some 150 MB each) and runs `tests/unit/client` and `tests/unit/samples` in
both. The oldest are the versions of client_ends_oldest.txt, which must be those that the client's
pyproject.toml begins with; the newest are what the package index has, within the client's own
bounds. protobuf runs in plain Python too, as it does where there is no wheel. Exits 1 where a test
fails.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# ruff: noqa: S603, T201

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "clients" / "python"
SAMPLES = ROOT / "clients" / "samples"
OLDEST = Path(__file__).with_name("client_ends_oldest.txt")
TESTS = ["pytest", "pytest-asyncio"]
DERIVED = "tests/unit/client/test_sync_is_derived.py"
OLDEST_PYTHONS = ("python3.10", "python3.11", "python3.12")
NEWEST_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
SHOWN = (
    "import sys, grpc, google.protobuf as p; "
    "from google.protobuf.internal import api_implementation as a; "
    "print('Python', sys.version.split()[0], 'grpcio', grpc.__version__, 'protobuf', "
    "p.__version__, '(' + a.Type() + ')')"
)


def first_that_runs(names: tuple[str, ...]) -> str:
    """Return the first of the interpreters that is there; the running one where none is."""
    for name in names:
        path = shutil.which(name)
        # A version manager's stand-in is there for versions too that are switched off.
        if path and subprocess.run([path, "-V"], capture_output=True, check=False).returncode == 0:
            return path
    return sys.executable


def bounds_that_differ() -> list[str]:
    """Return the packages whose lower bound in pyproject.toml is not the one that is tested."""
    declared = dict(
        re.findall(r'"([a-z-]+)>=([0-9.]+)', (CLIENT / "pyproject.toml").read_text("utf-8"))
    )
    tested: dict[str, str] = {}
    for name, version in re.findall(r"(?m)^([a-z-]+)==([0-9.]+)", OLDEST.read_text("utf-8")):
        tested.setdefault(name, version)
    return [
        name
        for name, version in tested.items()
        if version != declared.get(name) and version != f"{declared.get(name)}.0"
    ]


def set_up(python: str, folder: Path, constraints: list[str]) -> str:
    """Install client and test tools into an environment made anew; return its interpreter."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    own = str(folder / "bin" / "python")
    install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    packages = ["-e", str(SAMPLES), "-e", f"{CLIENT}[cli,draw,heic,samples]"]
    subprocess.run([*install, *constraints, *packages, *TESTS], check=True)
    return own


def run_tests(python: str, implementation: str | None) -> bool:
    """Run the client's tests, with that implementation of protobuf where one is named."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    if implementation:
        environment["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = implementation
    print(f"\n== the client's tests, {python}", flush=True)
    subprocess.run([python, "-c", SHOWN], env=environment, check=True)
    tests = ["tests/unit/client", "tests/unit/samples"]
    # The conftest of all tests needs the gateway, which is not installed here.
    # Whether the blocking client is up to date is a matter of the sources; it needs ruff.
    options = ["-q", "--confcutdir=tests/unit", "-p", "no:cacheprovider", f"--ignore={DERIVED}"]
    command = [python, "-m", "pytest", *options, *tests]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def main() -> int:
    """Test both ends; 1 where a test failed or the bounds are not those that are tested."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--oldest-python", help=f"default: the first of {OLDEST_PYTHONS}")
    parser.add_argument("--newest-python", help=f"default: the first of {NEWEST_PYTHONS}")
    parser.add_argument("--folder", type=Path, default=ROOT / ".venv-client-ends")
    arguments = parser.parse_args()
    differing = bounds_that_differ()
    if differing:
        print(f"{OLDEST.name} and the client's pyproject.toml differ in: {', '.join(differing)}")
        return 1
    oldest = arguments.oldest_python or first_that_runs(OLDEST_PYTHONS)
    newest = arguments.newest_python or first_that_runs(NEWEST_PYTHONS)
    old = set_up(oldest, arguments.folder.resolve() / "oldest", ["-c", str(OLDEST)])
    new = set_up(newest, arguments.folder.resolve() / "newest", [])
    runs = [(old, None), (old, "python"), (new, None), (new, "python")]
    passed = [run_tests(python, implementation) for python, implementation in runs]
    print(f"\n{sum(passed)} of {len(passed)} runs passed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
