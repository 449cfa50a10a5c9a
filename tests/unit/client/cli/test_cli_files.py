"""Nothing of the user's is overwritten unasked."""

import csv
import os
import sys
from pathlib import Path

import pytest
from ootd_command import Cli
from PIL import Image

MINE = "mine"


def test_samples_keep_what_is_there(cli: Cli, tmp_path: Path) -> None:
    for name in ("catalog.csv", "labels.json"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_text(MINE)
        result = cli("samples", folder, "--outfits", 1, "--catalog", 1)
        assert result.exit_code == 2
        assert "--force" in result.stderr
        assert (folder / name).read_text() == MINE
        assert [one.name for one in folder.iterdir()] == [name]
    assert cli("samples", folder, "--outfits", 1, "--catalog", 1, "--force").exit_code == 0
    rows = list(csv.DictReader((folder / "catalog.csv").open()))
    assert rows
    again = cli("samples", folder, "--outfits", 0, "--catalog", 0)
    assert again.exit_code == 2
    assert list(csv.DictReader((folder / "catalog.csv").open())) == rows


def test_samples_keep_photos_of_the_same_names(cli: Cli, tmp_path: Path) -> None:
    photo = tmp_path / "outfits" / "0000.jpg"
    photo.parent.mkdir()
    photo.write_text(MINE)
    assert cli("samples", tmp_path, "--outfits", 1, "--catalog", 0).exit_code == 2
    assert photo.read_text() == MINE
    assert cli("samples", tmp_path, "--outfits", 0, "--catalog", 1).exit_code == 0
    assert photo.read_text() == MINE


def test_samples_say_where_they_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(MINE)
    result = cli("samples", tmp_path / "file", "--outfits", 1, "--catalog", 0)
    assert result.exit_code == 2
    assert "not a directory" in " ".join(result.stderr.replace("│", " ").split())
    assert "Errno" not in result.stderr


def test_samples_without_their_package_say_what_to_install(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ootd_samples", None)
    result = cli("samples", tmp_path / "drawn")
    assert result.exit_code == 2
    told = " ".join(result.stderr.replace("│", " ").split())
    assert "needs ootd_samples; install it with pip install 'ootd[samples]'" in told
    assert not (tmp_path / "drawn").exists()


@pytest.mark.parametrize("command", ["analyze", "search"])
def test_a_picture_keeps_what_is_there(
    cli: Cli, photos: list[Path], tmp_path: Path, command: str
) -> None:
    out = tmp_path / "out.png"
    out.write_text(MINE)
    result = cli(command, photos[0], "--draw", out)
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert result.stdout == ""  # Told before the work, not after it.
    assert out.read_text() == MINE
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "photo-1.png").write_text(MINE)
    assert cli(command, *photos, "--draw", folder).exit_code == 2
    assert [one.name for one in folder.iterdir()] == ["photo-1.png"]
    assert cli(command, *photos, "--draw", folder, "--force").exit_code == 0
    names = sorted(one.name for one in folder.iterdir())
    assert names == ["photo-0.png", "photo-1.png", "photo-2.png"]
    assert Image.open(folder / "photo-1.png").width > 1000


def test_a_link_is_not_written_through(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    link, target = tmp_path / "link.png", tmp_path / "nowhere.png"
    link.symlink_to(target)
    assert cli("analyze", photos[0], "--draw", link).exit_code == 2
    assert not target.exists()


def test_a_photo_is_never_replaced_by_its_picture(cli: Cli, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (60, 80), "red").save(photo)
    before = photo.read_bytes()
    for arguments in ((photo, "--draw", photo), (tmp_path, "--draw", tmp_path)):
        result = cli("analyze", *arguments, "--force")
        assert result.exit_code == 2
        assert "photo would be replaced" in " ".join(result.stderr.split())
    assert photo.read_bytes() == before


def test_pictures_of_photos_of_one_name_stay_apart(cli: Cli, tmp_path: Path, shop: Path) -> None:
    twins = [shop / "a" / "x.jpg", shop / "b" / "X.jpg"]
    for twin in twins:
        twin.parent.mkdir()
        twin.write_bytes((shop / "bag" / "red_clutch.jpg").read_bytes())
    out = tmp_path / "out"
    assert cli("analyze", *twins, "--draw", out).exit_code == 0
    assert sorted(one.name for one in out.iterdir()) == ["X-2.png", "x.png"]


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.psd", "out.ppm.gz"])
def test_what_is_no_picture_is_told_before_the_work(
    cli: Cli, photos: list[Path], tmp_path: Path, name: str
) -> None:
    result = cli("analyze", photos[0], "--draw", tmp_path / name)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_several_photos_need_a_folder(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    out.write_text(MINE)
    result = cli("analyze", *photos, "--draw", out, "--force")
    assert result.exit_code == 2
    assert "need a folder" in result.stderr
    assert out.read_text() == MINE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(
    cli: Cli, photos: list[Path], tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    result = cli("analyze", photos[0], "--draw", closed / "out.png")
    assert result.exit_code == 6
    assert "permission denied" in result.stderr


def test_a_full_disk_leaves_the_old_picture_and_no_half_of_a_new_one(
    cli: Cli, photos: list[Path], tmp_path: Path
) -> None:
    out, new = tmp_path / "out.png", tmp_path / "new.png"
    out.write_text(MINE)
    before = sorted(tmp_path.iterdir())
    for arguments in (("--draw", out, "--force"), ("--draw", new)):
        done = cli.process("analyze", photos[0], *arguments, shell="ulimit -f 1")
        assert done.returncode == 6
        assert b"Cannot write" in done.stderr
        assert arguments[1].name.encode() in done.stderr
        assert b"file too large" in done.stderr
    assert out.read_text() == MINE
    assert sorted(tmp_path.iterdir()) == before


def test_drawing_goes_on_where_it_ended(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    for command in ("analyze", "search"):
        folder = tmp_path / command
        folder.mkdir()
        (folder / "photo-1.png").write_text(MINE)
        result = cli(command, *photos, "--draw", folder, "--skip-existing")
        assert result.exit_code == 0
        assert "1 of 3 pictures are there already" in result.stderr
        assert (folder / "photo-1.png").read_text() == MINE
        assert len(list(folder.iterdir())) == 3
        assert cli(command, *photos, "--draw", folder, "--skip-existing").exit_code == 0
        assert cli(command, *photos, "--draw", folder, "--skip-existing", "--force").exit_code == 2
