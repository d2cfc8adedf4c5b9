"""docs/diagnosis.md tells every rule, as the rules themselves say it."""

from __future__ import annotations

from pathlib import Path

from vizframe.diagnosis.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"


def test_the_page_has_every_rule_with_threshold_reason_and_source() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{each.name}` | {each.symptom} | {each.threshold} | {each.reason} | {each.source} |"
        for each in RULES
    ]
