"""Calls of a script nest as deep as they do alone, and its limit is as it was."""

from __future__ import annotations

import sys

from vizframe.recording.deep_calls import deep_calls


def depth(calls: int) -> int:
    return 0 if not calls else 1 + depth(calls - 1)


def test_calls_nest_deeper_inside_and_not_afterwards() -> None:
    """Once each recorded call doubled the limit for good, until a text of brackets overflowed the
    stack of C that reads it."""
    before = sys.getrecursionlimit()
    for _ in range(3):
        with deep_calls():
            assert depth(before) == before
        assert sys.getrecursionlimit() == before


def test_a_limit_that_the_script_sets_stays() -> None:
    before = sys.getrecursionlimit()
    try:
        with deep_calls():
            sys.setrecursionlimit(before + 77)
        assert sys.getrecursionlimit() == before + 77
    finally:
        sys.setrecursionlimit(before)
