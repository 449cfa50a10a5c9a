"""The model cards against the reports that they quote."""

from __future__ import annotations

import pytest

from ootd_training.commands.one_model import MODELS
from ootd_training.evaluation.model_cards import (
    CardError,
    numbers,
    quote,
    read_reports,
    read_sources,
    section,
    unfounded,
    unsupported,
)
from ootd_training.taxonomy import REPOSITORY

CARD = "# Model\n\nIt has 7 layers.\n\n## Measured\n\nOld: 12.5 %.\n\n## Limits\n\nMany.\n"
REPORT = "# Report\n\n## In short\n\n| top | 80.1 % of 1,697 |\n\n## More\n\nAlso 0.7.\n"

SHIPPED = [name for name in MODELS if (REPOSITORY / name / "1" / "model.onnx").exists()]


@pytest.mark.parametrize("model", SHIPPED)
def test_a_card_says_only_what_its_report_says(model):
    card = (REPOSITORY / model / "README.md").read_text()
    assert unfounded(card, read_reports(model)) == [], (
        "run python -m ootd_training.evaluation.model_cards"
    )


@pytest.mark.parametrize("model", SHIPPED)
def test_a_card_has_no_figure_that_neither_report_nor_settings_have(model):
    card = (REPOSITORY / model / "README.md").read_text()
    assert unsupported(card, read_reports(model), read_sources(model)) == []


def test_figures_outside_the_measured_section_need_support():
    card = (
        "# M\n\n1.2 million weights (Tan 2019; CC0 1.0), `x7` at 96 px, of 3495 and 2,819.\n\n"
        "| in | `A` | [n, 160] |\n\n"
        "## Measured\n\n99.9 %\n\n## Limits\n\n1.5 ms, 80.1 %, 4.5 %, 61 steps, 3.4 million.\n"
    )
    report = "80.1 % of 1,212,345; 1.1 ms; 61 steps; 4.5; 3,495; 2819"
    assert unsupported(card, report, "size = 96") == ["1.5 ms", "3.4 million", "4.5 %"]
    assert unsupported(card.replace("61", "62"), report, "size = 95") == [
        "1.5 ms", "3.4 million", "4.5 %", "62", "96",
    ]  # fmt: skip


def test_a_section_ends_where_the_next_begins():
    assert section(CARD, "Measured") == "Old: 12.5 %."
    assert section(CARD, "Limits") == "Many."
    with pytest.raises(CardError, match="no section '## Speed'"):
        section(CARD, "Speed")


def test_numbers_are_compared_as_written():
    assert numbers("mAP 0.649 of 1,697, [84 %](report-2.md)") == {"0.649", "1,697", "84"}


def test_figures_that_no_report_has_are_found():
    assert unfounded(CARD, REPORT) == ["12.5"]


def test_a_card_quotes_the_short_figures_and_keeps_the_rest():
    card = quote(CARD, REPORT, "report.md")
    assert unfounded(card, REPORT) == []
    assert section(card, "Measured").startswith("| top | 80.1 % of 1,697 |")
    assert "[the report](report.md)" in card
    assert "12.5" not in card
    assert card.startswith("# Model\n\nIt has 7 layers.")
    assert section(card, "Limits") == "Many."
