"""The published numbers, as published."""

from __future__ import annotations

import pytest

from vizframe.ascent.presets import preset

TABLE = {  # Yosinski et al. 2015, Table 1, and the iterations of its released code
    "yosinski-1": (0, 0.5, 4, 50, 0, 500, "progress", 100),
    "yosinski-2": (0.3, 0, 4, 20, 0, 750, "rate", 100),
    "yosinski-3": (0.0001, 1.0, 4, 0, 0, 1000, "rate", 100),
    "yosinski-4": (0, 0.5, 4, 0, 90, 1000, "progress", 1e8),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_four_combinations_of_yosinski_have_the_numbers_of_their_table(name: str) -> None:
    recipe = preset(name)
    assert TABLE[name] == (
        recipe.decay,
        recipe.blur,
        recipe.blur_every,
        recipe.small_norm,
        recipe.small_contribution,
        recipe.iterations,
        recipe.rule,
        recipe.rate,
    )
    assert (recipe.progress, recipe.start_sd, recipe.l2, recipe.moves) == (2.0, 10.0, 0.0, False)


def test_simonyans_objective_has_the_numbers_of_the_student_run_and_starts_at_zero() -> None:
    recipe = preset("simonyan")
    assert (recipe.rule, recipe.rate, recipe.iterations, recipe.l2) == ("rate", 25, 5000, 0.0001)
    assert (recipe.start_sd, recipe.clipped, recipe.decay, recipe.blur) == (0.0, False, 0.0, 0.0)


@pytest.mark.parametrize(("name", "space"), [("lucid", "colour"), ("fourier", "fourier")])
def test_lucids_default_has_lucids_numbers(name: str, space: str) -> None:
    recipe = preset(name)
    assert (recipe.rule, recipe.rate, recipe.iterations) == ("adam", 0.05, 512)
    assert (recipe.start_sd, recipe.space, recipe.moves) == (0.01, space, True)
