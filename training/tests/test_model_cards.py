"""The model cards against the reports that they quote."""

from __future__ import annotations

import pytest

from ootd_training.evaluation.model_cards import CardError, quote, section

CARD = "# Model\n\nIt has 7 layers.\n\n## Measured\n\nOld: 12.5 %.\n\n## Limits\n\nMany.\n"
REPORT = "# Report\n\n## In short\n\n| top | 80.1 % of 1,697 |\n\n## More\n\nAlso 0.7.\n"


def test_a_section_ends_where_the_next_begins():
    assert section(CARD, "Measured") == "Old: 12.5 %."
    assert section(CARD, "Limits") == "Many."
    with pytest.raises(CardError, match="no section '## Speed'"):
        section(CARD, "Speed")


def test_a_card_quotes_the_short_figures_and_keeps_the_rest():
    card = quote(CARD, REPORT, "report.md")
    assert section(card, "Measured").startswith("| top | 80.1 % of 1,697 |")
    assert "[the report](report.md)" in card
    assert "12.5" not in card
    assert card.startswith("# Model\n\nIt has 7 layers.")
    assert section(card, "Limits") == "Many."
