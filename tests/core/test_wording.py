"""Numbers as people say them."""

from __future__ import annotations

import pytest

from vizframe.wording import ago, count_noun, first_sentence, plain, size


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_960, "10 kB"),
        (999_600, "1.0 MB"),
        (2 * 10**15, "2000 TB"),
    ],
)
def test_sizes_have_two_or_three_digits(count: int, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "now"), (9, "now"), (59, "59 s ago"), (60, "1 min ago"), (86_400, "1 day ago")],
)
def test_times_are_told_in_the_largest_unit(seconds: float, said: str) -> None:
    assert ago(seconds) == said


def test_nouns_agree_with_their_number() -> None:
    assert [count_noun(n, "step") for n in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]
    assert count_noun(1, "series") == "1 series"


def test_letters_of_all_languages_stay_and_control_codes_show() -> None:
    assert plain("層 größer\n\x1b]0;x\x07") == "層 größer\\n\\x1b]0;x\\x07"


def test_a_first_sentence_may_go_over_lines_and_hold_numbers() -> None:
    assert first_sentence("The 1.5 fold,\nof each unit. More.\n\nYet more.") == (
        "The 1.5 fold, of each unit."
    )
    assert first_sentence("No stop\n") == "No stop"
    assert first_sentence("Images (Simonyan et al. 2013,\n  equation 1). More.") == (
        "Images (Simonyan et al. 2013, equation 1)."
    )
