"""Pages, their tables and their pictures."""

from __future__ import annotations

import numpy as np
import pytest

from ootd_training.report.page import Page, average, percent
from ootd_training.report.plots import Confusion, Panel, bars, confusions, panels


def figure():
    lines = {"a": ([0.0, 1.0], [0.2, 0.4]), "b": ([0.0, 1.0], [0.9, 0.1])}
    marked = {"a": (0.5, 0.3)}
    return panels([Panel("Title", "x", "y", lines, marked, y_limits=(0, 1), diagonal=True)])


def test_a_page_is_written_with_its_pictures(tmp_path):
    page = Page("tagger", "Tagger")
    page.section("Course")
    page.text("One.", "Two.")
    page.table(("what", "share"), [["top", percent(0.5)], ["bag", percent(None)]])
    page.picture("curve", "the loss", figure())
    path = page.write(tmp_path / "new")
    assert path.read_text() == (
        "# Tagger\n\n## Course\n\nOne.\n\nTwo.\n\n"
        "| what | share |\n|---|---:|\n| top | 50.0 % |\n| bag | – |\n\n"
        "![the loss](tagger-curve.png)\n"
    )
    assert (tmp_path / "new" / "tagger-curve.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_figures_give_the_same_picture_file(tmp_path):
    for name in ("first", "second"):
        page = Page("a", "A")
        page.picture("curve", "", figure())
        page.write(tmp_path / name)
    first, second = (tmp_path / name / "a-curve.png" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_a_row_that_does_not_fit_its_table_is_refused():
    with pytest.raises(ValueError, match="1 cells under 2 headings"):
        Page("a", "A").table(("what", "share"), [["top"]])


def test_missing_figures_are_dashes():
    assert (percent(float("nan")), average(float("nan")), average(0.25)) == ("–", "–", "0.250")


def test_lines_of_one_name_have_one_colour_in_all_panels():
    both = [
        Panel("", "", "", {"a": ([0], [0]), "b": ([0], [0])}),
        Panel("", "", "", {"b": ([0], [0])}),
    ]
    first, second = panels(both).axes
    assert second.lines[0].get_color() == first.lines[1].get_color()


def test_only_lines_beside_many_others_are_dashed():
    many = {f"line {number}": ([0], [0]) for number in range(11)}
    both = [Panel("", "", "", many), Panel("", "", "", {"a": ([0], [0]), "b": ([0], [0])})]
    first, second = panels(both).axes
    assert [line.get_linestyle() for line in first.lines] == ["-"] * 10 + ["--"]
    assert [line.get_linestyle() for line in second.lines] == ["-"] * 2
    assert len({line.get_color() for line in second.lines}) == 2


def test_an_axis_of_whole_numbers_has_no_others():
    (axes,) = panels([Panel("", "", "", {"a": ([3], [0.5])}, x_limits=(0, 3))]).axes
    assert axes.get_xticks().tolist() == [0, 1, 2, 3]


def test_the_opening_of_a_page_is_its_first_section():
    page = Page("tagger", "Tagger")
    for title in ("In short", "More"):
        page.section(title)
        page.text(f"{title}: text.")
    assert page.opening() == "# Tagger\n\n## In short\n\nIn short: text.\n"
    one = Page("a", "A")
    one.section("All")
    assert one.opening() == str(one)


def test_confusions_are_shares_of_their_row():
    part = Confusion("t", ("a", "b"), np.array([[3, 1], [0, 0]]))
    np.testing.assert_allclose(part.shares(), [[0.75, 0.25], [np.nan, np.nan]])
    (axes,) = confusions([part]).axes
    assert sorted(text.get_text() for text in axes.texts) == ["25", "75"]


def test_bars_stand_for_every_value():
    (axes,) = bars("t", "mAP", {"one": {"x": 0.5, "y": 0.25}, "two": {"x": 1.0}}).axes
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(sorted(heights), [0.25, 0.5, 1.0, np.nan])
