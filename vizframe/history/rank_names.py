"""Names of what one of several workers recorded; rank 0's are the plain ones.

activation@3      a plugin's pictures of rank 3
loss (rank 3)     a number of rank 3; ``recall@3`` is a metric that many people report
"""

from __future__ import annotations

import re

_RANKED = re.compile(r"(?P<name>.+) \(rank (?P<rank>[1-9]\d{0,8})\)")


def ranked_kind(kind: str, rank: int) -> str:
    """What a rank's pictures are called in menus and addresses."""
    return f"{kind}@{rank}" if rank else kind


def ranked_scalar(name: str, rank: int) -> str:
    """The name under which a rank's number is kept."""
    return f"{name} (rank {rank})" if rank else name


def split_rank(name: str) -> tuple[str, int]:
    """The number's plain name, and whose it is."""
    match = _RANKED.fullmatch(name)
    return (match["name"], int(match["rank"])) if match else (name, 0)
