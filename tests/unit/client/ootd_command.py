"""The command line `ootd`, run by tests: in their own process, or in one of its own."""

import io
import json
import os
import subprocess
import sys
from typing import Any

from PIL import Image
from typer.testing import CliRunner, Result

from ootd.cli.app import app


def jpeg(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (60, 80), (seed * 40 % 256, 99, seed % 256)).save(stream, "JPEG")
    return stream.getvalue()


class Cli:
    """`ootd` against one gateway."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __call__(self, *arguments: object, stdin: bytes | None = None) -> Result:
        """Run it in this process."""
        return CliRunner().invoke(
            app, [str(one) for one in arguments], env={"OOTD_SERVER": self.target}, input=stdin
        )

    def lines(
        self, *arguments: object, exit_code: int = 0, stdin: bytes | None = None
    ) -> list[dict[str, Any]]:
        """Run it with --json and return its lines."""
        result = self(*arguments, "--json", stdin=stdin)
        assert result.exit_code == exit_code, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def process(
        self,
        *arguments: object,
        environment: dict[str, str] | None = None,
        shell: str = "",
        **settings: Any,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run it in a process of its own, where its output is a real file, pipe or nothing.

        `shell` is what a shell does before, such as 'ulimit -f 1', or how it redirects: '>&-'.
        """
        before, redirection = ("", shell) if "&-" in shell else (f"{shell}; ", "")
        command: list[Any] = [
            sys.executable,
            "-m",
            "ootd.cli",
            *(os.fsencode(str(one)) for one in arguments),
        ]
        if shell:
            command = ["sh", "-c", f'{before}exec "$@" {redirection}', "sh", *command]
        variables = {**os.environ, "OOTD_SERVER": self.target, **(environment or {})}
        settings.setdefault("stdout", subprocess.PIPE)
        settings.setdefault("stderr", subprocess.PIPE)
        settings.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(command, env=variables, timeout=60, check=False, **settings)
