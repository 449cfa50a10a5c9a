"""Compare protos/ with the last commit on main: what breaks callers must be told in CHANGELOG.md.

    python make/check_breaking.py [--root FOLDER]

Until version 1.0 a break is allowed where CHANGELOG.md tells of it: for each finding of `buf
breaking`, an entry with **breaking** in the section Unreleased, which the compared commit did not
have, names the message, enum, service, RPC or file. From 1.0 on nothing may break. A branch is
compared with the commit where it left main (origin/main, else main); main itself with the commit
before, and what is not committed yet with the last commit, too. Exits 1 where a break is not
allowed, and passes, with a line that says so, where there is nothing to compare with.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# ruff: noqa: S603, T201

ROOT = Path(__file__).resolve().parents[1]
CHANGELOG = "CHANGELOG.md"
MAINS = ("origin/main", "main")
COMPARED = ("buf.yaml", "protos")
MARK = "**breaking**"
_FINDINGS = 100  # buf's status where there are any
_NAMED = re.compile(r'\b(?:message|enum|service|RPC|file) "([^"]+)"', re.IGNORECASE)
_FORMER_TYPE = re.compile(r'\bfrom "(\w+\.[\w.]+)"')
_QUOTED = re.compile(r'"([^"]*[A-Za-z][^"]*)"')


class NothingToCompare(Exception):  # noqa: N818 - it is no error
    """There is no git here, or no commit to compare with; the message says which."""


@dataclass(frozen=True)
class Finding:
    """What buf found: its message, the file ("" where it is gone), and the names of what breaks."""

    message: str
    path: str
    names: frozenset[str]

    @classmethod
    def from_json(cls, line: str) -> "Finding":
        """Read a line of buf's JSON."""
        found = json.loads(line)
        path = found.get("path", "")
        names = {*_NAMED.findall(found["message"]), *_FORMER_TYPE.findall(found["message"])}
        # Inside of a package or another message: its own name is enough.
        names |= {name.rpartition(".")[2] for name in names if not name.endswith(".proto")}
        # A file's package or options are told by the file, or by what they were.
        if not names or found["type"].startswith("FILE_"):
            names = {path, *_QUOTED.findall(found["message"])}
        return cls(found["message"], path, frozenset(names - {""}))

    def is_named_in(self, entry: str) -> bool:
        """Whether the entry has one of the names as a word of its own."""
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", entry) for name in self.names)


class Repository:
    """A checkout with protos/, buf.yaml and CHANGELOG.md."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def compared_commits(self) -> list[str]:
        """The commits to compare with; raises NothingToCompare where there are none."""
        top = self._git("rev-parse", "--show-toplevel")
        if top is None or Path(top).resolve() != self._root.resolve():
            raise NothingToCompare("this is no git checkout")
        head = self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if head is None:
            raise NothingToCompare("nothing is committed yet")
        for main in MAINS:
            left = self._git("merge-base", "HEAD", main)
            if left not in (None, head):
                return [str(left)]
        parent = self._git("rev-parse", "--verify", "--quiet", "HEAD^1")
        if parent is None:
            raise NothingToCompare("there is no commit before this one (a shallow clone?)")
        return [parent, head]

    def findings(self, commit: str) -> list[Finding]:
        """What the protos break of those of a commit.

        Raises NothingToCompare where it has none, CalledProcessError where buf cannot compare.
        """
        archive = self._run("git", "archive", commit, *COMPARED)
        if archive.returncode != 0:
            raise NothingToCompare(f"commit {commit[:10]} has no {' and '.join(COMPARED)}")
        with tempfile.NamedTemporaryFile(suffix=".tar") as before:
            before.write(archive.stdout)
            before.flush()
            found = self._run("buf", "breaking", "--against", before.name, "--error-format", "json")
        if found.returncode not in (0, _FINDINGS):
            print(found.stderr.decode(), file=sys.stderr)
            found.check_returncode()
        return [Finding.from_json(line) for line in found.stdout.decode().splitlines()]

    def new_breaking_entries(self, commit: str) -> list[str]:
        """The entries of breaks in the section Unreleased that the commit's CHANGELOG lacks."""
        path = self._root / CHANGELOG
        now = path.read_text("utf-8") if path.is_file() else ""
        known = set(entries(self._git("show", f"{commit}:{CHANGELOG}") or ""))
        return [entry for entry in entries(unreleased(now)) if MARK in entry and entry not in known]

    def is_stable(self) -> bool:
        """Whether the version is 1.0 or a later one."""
        project = tomllib.loads((self._root / "gateway" / "pyproject.toml").read_text("utf-8"))
        return int(project["project"]["version"].split(".")[0]) >= 1

    def _git(self, *arguments: str) -> str | None:
        """What git says; None where it fails, or is not there."""
        try:
            done = self._run("git", *arguments)
        except FileNotFoundError:
            return None
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, cwd=self._root, capture_output=True, check=False)


def unreleased(changelog: str) -> str:
    """The section Unreleased."""
    found = re.search(r"(?ms)^## Unreleased\s*$(.*?)(?=^## |\Z)", changelog)
    return found[1] if found else ""


def entries(text: str) -> Iterator[str]:
    """The entries of lists, each as one line."""
    for found in re.finditer(r"(?m)^- .*(?:\n[ \t]+\S.*)*", text):
        yield " ".join(found[0].split())


def untold(repository: Repository, commit: str) -> list[Finding]:
    """The breaks since a commit that are not allowed."""
    found = repository.findings(commit)
    if not found or repository.is_stable():
        return found
    told = repository.new_breaking_entries(commit)
    return [finding for finding in found if not any(map(finding.is_named_in, told))]


def main() -> int:
    """Check; 1 where a break is not allowed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    repository = Repository(parser.parse_args().root)
    try:
        broken = {commit: untold(repository, commit) for commit in repository.compared_commits()}
    except NothingToCompare as reason:
        print(f"breaks of the contract are not looked for: {reason}")
        return 0
    for commit, findings in broken.items():
        for finding in findings:
            where = f"{finding.path}: " if finding.path else ""
            print(f"{where}{finding.message} (since {commit[:10]})", file=sys.stderr)
    if not any(broken.values()):
        return 0
    print(
        "From version 1.0 on the contract does not break: add beside what is there."
        if repository.is_stable()
        else f"Callers break. Undo it, or tell them: in {CHANGELOG}, section Unreleased, an entry "
        f"with {MARK} that names the message, enum, service, RPC or file of each.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
