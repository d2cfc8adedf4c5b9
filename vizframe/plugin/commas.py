"""Lists as people write them on a command line: with commas, or one thing alone."""

from __future__ import annotations


def split_commas(text: str) -> list[str]:
    """What stands between commas, without blanks; nothing of what is empty.

    >>> split_commas("a, b,, ")
    ['a', 'b']
    """
    return [item.strip() for item in text.split(",") if item.strip()]


def items(given: object) -> object:
    """What stands for a list as that list; anything else as it is, to be judged by others.

    >>> items("grad_cam, gradient"), items(3), items([3, 4])
    (['grad_cam', 'gradient'], [3], [3, 4])
    """
    if isinstance(given, str):
        return split_commas(given)
    return [given] if isinstance(given, int) else given
