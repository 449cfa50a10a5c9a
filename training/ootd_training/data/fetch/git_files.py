"""Files of a public git repository at one commit: checked one by one, and fetched only once.

A commit's id is a checksum of everything in it: it names a tree, the tree names each file's blob
by the SHA-1 of its content. So the pinned commit alone says what each of the thousands of files
must be, wherever they come from. git itself checks what it receives; each file is checked again
where it lies, on every run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.whole_files import write_whole

BATCH = 50
"""Files asked for at a time: what a killed run loses at most."""
ATTEMPTS = 3
PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Source:
    """A public set of photos: where it lives, the commit, and the folders and files needed."""

    name: str
    url: str
    commit: str
    wanted: tuple[str, ...]
    option: str


CLOTHING_CO_PARSING = Source(
    name="clothing-co-parsing",
    url="https://github.com/bearpaw/clothing-co-parsing",
    commit="cbc8deae85f65178394eded0817a5c1b1019b63d",
    wanted=("photos/", "annotations/", "label_list.mat"),
    option="--ccp",
)
CLOTHING_DATASET = Source(
    name="clothing-dataset",
    url="https://github.com/alexeygrigorev/clothing-dataset",
    commit="08b50460cf229fd852bb6c11564e0959f52578ca",
    wanted=("images/", "images.csv"),
    option="--clothing-dataset",
)


@dataclass(frozen=True)
class Blob:
    """A file of a commit: its path and the SHA-1 of its git blob."""

    path: PurePosixPath
    identity: str


def blob_identity(content: bytes) -> str:
    """SHA-1 by which git names a file's content."""
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def fetch_source(
    source: Source,
    folder: Path,
    progress: Callable[[str, int], Callable[[int], None]],
    say: Callable[[str], None],
) -> Path:
    """Make `folder` hold the source's files, and return it.

    What is there and right stays; a file that is there and wrong is said and fetched anew; what is
    missing is fetched in batches, so that a run that was killed goes on where it was. FetchError
    if git is missing, the network fails, or the disk is full.
    """
    store = _Store(source, folder.with_name(f"{folder.name}.git"))
    with _disk_full_said(folder):
        folder.mkdir(parents=True, exist_ok=True)
        blobs = _listed(source, store, folder)
        missing = _to_fetch(blobs, folder, progress(f"checking {source.name}", len(blobs)), say)
        if missing:
            store.prepare()
            advance = progress(f"fetching {source.name}", len(missing))
            for start in range(0, len(missing), BATCH):
                batch = missing[start : start + BATCH]
                store.fetch([blob.identity for blob in batch])
                for blob, content in zip(batch, store.contents(batch), strict=True):
                    with write_whole(folder / blob.path) as part:
                        part.write_bytes(content)
                advance(start + len(batch))
        # All is in the folder now; the objects would take the same space again.
        shutil.rmtree(store.path, ignore_errors=True)
    return folder


def _listed(source: Source, store: _Store, folder: Path) -> list[Blob]:
    """The wanted files of the commit; the list is kept, so a later check needs no network."""
    table = folder / f"{source.commit}.list"
    if not table.exists():
        store.prepare()
        lines = store.files()
        with write_whole(table) as part:
            part.write_text("".join(f"{blob.identity} {blob.path}\n" for blob in lines))
    rows = (line.split(" ", 1) for line in table.read_text().splitlines())
    return [Blob(PurePosixPath(path), identity) for identity, path in rows]


def _to_fetch(
    blobs: Sequence[Blob], folder: Path, advance: Callable[[int], None], say: Callable[[str], None]
) -> list[Blob]:
    """Files that are missing or not what the commit says."""
    wrong = []
    for done, blob in enumerate(blobs, 1):
        path = folder / blob.path
        if not path.is_file():
            wrong.append(blob)
        elif blob_identity(path.read_bytes()) != blob.identity:
            say(f"{path}: is not the file of the commit; fetching it anew")
            wrong.append(blob)
        advance(done)
    return wrong


@contextlib.contextmanager
def _disk_full_said(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = (
            f"{folder}: {error.strerror or error}; what was fetched is kept: make room, run again"
        )
        raise FetchError(text) from error


class _Store:
    """A bare repository with the commit's tree, and of its files those that were asked for."""

    def __init__(self, source: Source, path: Path) -> None:
        self.source = source
        self.path = path
        self._prepared = False

    def prepare(self) -> None:
        """Fetch the commit without any file, unless it is there."""
        if self._prepared:
            return
        if shutil.which("git") is None:
            raise FetchError(
                "git is not installed and is needed to fetch the files: install it, or give "
                f"a folder that you have downloaded by hand with {self.source.option}"
            )
        if not (self.path / "HEAD").exists():
            self._git("init", "--quiet", "--bare", str(self.path), inside=False)
        if not (self.path / "listed").exists():
            self._fetch("--depth=1", "--filter=blob:none", self.source.commit)
            (self.path / "listed").touch()
        self._prepared = True

    def files(self) -> list[Blob]:
        """The wanted files of the commit."""
        listing = self._git("ls-tree", "-r", "-z", self.source.commit).decode()
        found = []
        for line in filter(None, listing.split("\0")):
            meta, path = line.split("\t", 1)
            if path.startswith(self.source.wanted):
                found.append(Blob(PurePosixPath(path), meta.split()[2]))
        if not found:
            raise FetchError(f"{self.source.url}: commit {self.source.commit} has no such files")
        return found

    def fetch(self, identities: Sequence[str]) -> None:
        """Fetch files' contents by the ids of their blobs."""
        self._fetch("--stdin", stdin="\n".join(identities) + "\n")

    def contents(self, blobs: Sequence[Blob]) -> Iterator[bytes]:
        """Contents of files that were fetched, checked."""
        wanted = "".join(f"{blob.identity}\n" for blob in blobs).encode()
        output = self._git("cat-file", "--batch", stdin=wanted)
        position = 0
        for blob in blobs:
            end = output.index(b"\n", position)
            size = int(output[position:end].split()[-1])
            content = output[end + 1 : end + 1 + size]
            if blob_identity(content) != blob.identity:
                shutil.rmtree(self.path, ignore_errors=True)
                raise FetchError(f"{blob.path}: arrived damaged; run again to fetch it anew")
            yield content
            position = end + 2 + size

    def _fetch(self, *arguments: str, stdin: str = "") -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                # Nothing is negotiated: the objects asked for are never there yet. Nothing is
                # repacked: the repository is removed at the end.
                self._git(
                    "-c",
                    "fetch.negotiationAlgorithm=noop",
                    "-c",
                    "gc.auto=0",
                    "-c",
                    "maintenance.auto=false",
                    "fetch",
                    "--quiet",
                    "--no-tags",
                    "--no-write-fetch-head",
                    *(arguments[:-1] if not stdin else arguments),
                    self.source.url,
                    *(arguments[-1:] if not stdin else ()),
                    stdin=stdin.encode(),
                )
            except FetchError:
                if attempt == ATTEMPTS:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _git(self, *arguments: str, stdin: bytes = b"", inside: bool = True) -> bytes:
        where = ["--git-dir", str(self.path)] if inside else []
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        finished = subprocess.run(  # noqa: S603 - arguments are ours, no shell
            ["git", *where, *arguments],  # noqa: S607 - the user's git
            input=stdin,
            capture_output=True,
            check=False,
            env=environment,
        )
        if finished.returncode:
            lines = finished.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise FetchError(
                f"{self.source.url}: git says: {lines[-1]}. What was fetched is kept: run again to "
                f"go on, or give a folder that you have downloaded by hand with "
                f"{self.source.option}"
            )
        return finished.stdout
