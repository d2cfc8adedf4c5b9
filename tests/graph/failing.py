"""A class whose method raises, beside the tests, whose own frames count as a script's."""

from __future__ import annotations


class Failing:
    def call(self, text: str) -> int:
        return int(text)
