"""Lists as people write them on a command line: with commas, or one thing alone."""

from __future__ import annotations


def items(given: object) -> object:
    """What stands for a list as that list; anything else as it is, to be judged by others.

    >>> items("grad_cam, gradient"), items(3), items([3, 4])
    (['grad_cam', 'gradient'], [3], [3, 4])
    """
    if isinstance(given, str):
        return [item.strip() for item in given.split(",") if item.strip()]
    return [given] if isinstance(given, int) else given
