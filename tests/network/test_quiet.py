"""Warnings of what is run for us alone are neither shown nor remembered."""

from __future__ import annotations

import warnings

from vizframe.network.quiet import without_warnings


def warn() -> None:
    warnings.warn("once", UserWarning, stacklevel=1)


def test_a_warning_is_shown_where_the_training_gives_it_and_once() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        with without_warnings():
            warn()
        assert not shown
        warn()
        with without_warnings():
            warn()
        warn()
    assert [str(each.message) for each in shown] == ["once"]
