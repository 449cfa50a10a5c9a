"""What breaks callers passes where CHANGELOG.md tells of it, until version 1.0; with real buf."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "make" / "check_breaking.py"
TOOLS = Path(sys.executable).parent

PROTO = """syntax = "proto3";
package shop.v1;

service ItemService {
  rpc GetItem(GetItemRequest) returns (GetItemResponse);
}

message GetItemRequest {
  string id = 1;
}

message GetItemResponse {
  string title = 1;
  Part part = 2;
  message Part {
    int32 size = 1;
  }
}

enum Color {
  COLOR_UNSPECIFIED = 0;
  COLOR_RED = 1;
}
"""
CHANGELOG = """# Changelog

## Unreleased

- **breaking**: GetItemRequest was another before.

## 0.1.0

- Items.
"""
ADDED = ("string title = 1;", "string title = 1;\n  string brand = 3;")
RETYPED = ("string id = 1;", "int64 id = 1;")
TOLD_OF_ID = "- **breaking**: the id of `GetItemRequest`\n  is a number."


class Checkout:
    """A git repository with a contract; its commits are of one author and one day."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write(
            "buf.yaml", "version: v2\nmodules:\n  - path: protos\nbreaking:\n  use: [FILE]\n"
        )
        self.write("protos/shop/v1/item.proto", PROTO)
        self.write("CHANGELOG.md", CHANGELOG)
        self.version("0.1.0")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def version(self, version: str) -> None:
        self.write("gateway/pyproject.toml", f'[project]\nversion = "{version}"\n')

    def edit(self, *changes: tuple[str, str], file: str = "protos/shop/v1/item.proto") -> None:
        text = (self.root / file).read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.write(file, text)

    def tell(self, entry: str, heading: str = "## Unreleased\n") -> None:
        self.edit((heading, f"{heading}\n{entry}\n"), file="CHANGELOG.md")

    def git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            check=True,
            capture_output=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "GIT_CONFIG_NOSYSTEM": "1",
                **{f"GIT_{role}_NAME": "A" for role in ("AUTHOR", "COMMITTER")},
                **{f"GIT_{role}_EMAIL": "a@example.org" for role in ("AUTHOR", "COMMITTER")},
            },
        )

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", "A change")

    def check(self) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
            "HOME": os.environ.get("HOME", "/"),
        }
        return subprocess.run(
            [sys.executable, str(SCRIPT), "--root", str(self.root)],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )

    def passes(self) -> bool:
        """Whether it passes after it was compared; False with a reason where it does not."""
        done = self.check()
        assert done.returncode in (0, 1), done.stderr
        assert "not looked for" not in done.stdout, done.stdout
        assert (done.returncode == 1) == bool(done.stderr)
        return done.returncode == 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A branch that left main with one commit on it."""
    assert (TOOLS / "buf").exists(), "buf is installed by make setup"
    made = Checkout(tmp_path / "checkout")
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit()
    made.commit()
    made.git("switch", "--quiet", "-c", "branch")
    return made


def test_no_change(checkout: Checkout) -> None:
    assert checkout.passes()


def test_an_addition(checkout: Checkout) -> None:
    checkout.edit(ADDED)
    checkout.commit()
    assert checkout.passes()


def test_a_break_without_an_entry_fails_and_says_what_to_do(checkout: Checkout) -> None:
    checkout.edit(RETYPED)
    checkout.commit()
    done = checkout.check()
    assert done.returncode == 1
    assert 'Field "1" with name "id" on message "GetItemRequest"' in done.stderr
    assert "protos/shop/v1/item.proto: " in done.stderr
    assert "CHANGELOG.md, section Unreleased, an entry with **breaking**" in done.stderr


@pytest.mark.parametrize("committed", [True, False])
def test_a_break_with_an_entry(checkout: Checkout, committed: bool) -> None:
    checkout.edit(RETYPED)
    checkout.tell(TOLD_OF_ID)
    if committed:
        checkout.commit()
    assert checkout.passes()


@pytest.mark.parametrize(
    "entry",
    [
        "- The id of `GetItemRequest` is a number.",
        "- **breaking**: something is a number.",
        "- **breaking**: `GetItemRequests` are gone.",
    ],
)
def test_an_entry_that_does_not_tell_of_it(checkout: Checkout, entry: str) -> None:
    checkout.edit(RETYPED)
    checkout.tell(entry)
    assert not checkout.passes()


def test_an_entry_of_a_released_version_is_none_of_this_change(checkout: Checkout) -> None:
    checkout.edit(RETYPED)
    checkout.tell(TOLD_OF_ID, heading="## 0.1.0\n")
    assert not checkout.passes()


def test_each_break_is_told(checkout: Checkout) -> None:
    checkout.edit(RETYPED, ("int32 size = 1;", "int64 size = 1;"))
    checkout.tell(TOLD_OF_ID)
    assert not checkout.passes()
    checkout.tell("- **breaking**: the size of `GetItemResponse.Part` has 64 bits.")
    assert checkout.passes()


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("  rpc GetItem(GetItemRequest) returns (GetItemResponse);\n", "", "GetItem"),
        ("  COLOR_RED = 1;\n", "", "Color"),
        ("int32 size = 1;", "int64 size = 1;", "Part"),
        ("  Part part = 2;", "  GetItemRequest part = 2;", "Part"),
        ("  Part part = 2;", "  GetItemRequest part = 2;", "GetItemResponse"),
        ("(GetItemRequest) returns", "(GetItemResponse) returns", "GetItemRequest"),
        (PROTO[PROTO.index("enum Color") :], "", "Color"),
        ("package shop.v1", "package market.v1", "shop.v1"),
    ],
)
def test_what_breaks_is_told_by_its_name(checkout: Checkout, old: str, new: str, name: str) -> None:
    checkout.edit((old, new))
    assert not checkout.passes()
    checkout.tell(f"- **breaking**: `{name}` is another.")
    assert checkout.passes()


def test_a_file_that_is_gone_is_told_by_its_name(checkout: Checkout) -> None:
    checkout.write("protos/shop/v1/order.proto", 'syntax = "proto3";\npackage shop.v1;\n')
    checkout.commit()
    checkout.git("branch", "--force", "main")
    checkout.git("switch", "--quiet", "-c", "later")
    (checkout.root / "protos/shop/v1/order.proto").unlink()
    checkout.commit()
    assert not checkout.passes()
    checkout.tell("- **breaking**: `shop/v1/order.proto` is gone.")
    assert checkout.passes()


def test_what_main_has_got_meanwhile_is_no_break_of_a_branch(checkout: Checkout) -> None:
    checkout.commit()
    checkout.git("switch", "--quiet", "main")
    checkout.edit(ADDED)
    checkout.commit()
    checkout.git("switch", "--quiet", "branch")
    assert checkout.passes()


def test_main_is_compared_with_the_commit_before(checkout: Checkout) -> None:
    checkout.git("switch", "--quiet", "main")
    checkout.edit(RETYPED)
    checkout.commit()
    assert not checkout.passes()
    checkout.commit()
    assert checkout.passes()


def test_what_is_not_committed_on_main_is_compared_with_it(checkout: Checkout) -> None:
    checkout.git("switch", "--quiet", "main")
    checkout.edit(ADDED)
    checkout.commit()
    checkout.edit(ADDED[::-1])
    assert not checkout.passes()


def test_main_of_the_origin_goes_before_the_own(checkout: Checkout) -> None:
    checkout.git("update-ref", "refs/remotes/origin/main", "main")
    checkout.git("switch", "--quiet", "main")
    checkout.edit(RETYPED)
    checkout.commit()
    checkout.commit()
    assert not checkout.passes()


def test_from_version_1_on_nothing_breaks(checkout: Checkout) -> None:
    checkout.version("1.0.0")
    checkout.edit(RETYPED)
    checkout.tell(TOLD_OF_ID)
    done = checkout.check()
    assert done.returncode == 1
    assert "From version 1.0 on the contract does not break" in done.stderr


def test_without_git_it_passes_and_says_so(checkout: Checkout) -> None:
    shutil.rmtree(checkout.root / ".git")
    checkout.edit(RETYPED)
    done = checkout.check()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "breaks of the contract are not looked for: this is no git checkout"
    ]


def test_a_shallow_clone_passes_and_says_so(checkout: Checkout, tmp_path: Path) -> None:
    checkout.git(
        "clone", "--quiet", "--depth=1", "--branch=main", f"file://{checkout.root}",
        str(tmp_path / "clone"),
    )  # fmt: skip
    checkout.root = tmp_path / "clone"
    checkout.edit(RETYPED)
    done = checkout.check()
    assert (done.returncode, done.stderr) == (0, "")
    assert "no commit before this one" in done.stdout


def test_a_commit_without_protos_passes_and_says_so(tmp_path: Path) -> None:
    made = Checkout(tmp_path)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("add", "CHANGELOG.md")
    made.git("commit", "--quiet", "-m", "Begin")
    made.commit()
    done = made.check()
    assert (done.returncode, done.stderr) == (0, "")
    assert "has no buf.yaml and protos" in done.stdout
