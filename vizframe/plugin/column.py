"""A column: one number beside every tile of a picture, and what the page does with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from vizframe.errors import PluginError

Role = Literal["value", "flag", "dead", "class", "score", "strength", "probe", "beside"]
"""What the page does with a column.

value     shows the number
flag      shows yes (1) or no (0)
dead      likewise, and marks the tiles for which it is 1 as dead
class     shows the class of that number by its name, under the picture of each probe image
score     shows the number after that class
strength  shows the number, and orders the gallery by it where somebody asks for the strongest first
probe     shows the probe image of that number by its name
beside    shows the numbers as squares in the map's colours, beside it: values at no place of it
"""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column is.

    Attributes:
        help: a sentence: what its numbers say.
        role: see `Role`.

    Raises:
        PluginError: there is no such role.
    """

    help: str
    role: Role = "value"

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            kinds = ", ".join(map(repr, get_args(Role)))
            raise PluginError(f"role is {self.role!r}; it can be {kinds}")


def as_column(given: str | Column) -> Column:
    """The column that a sentence alone stands for, or the column itself."""
    return given if isinstance(given, Column) else Column(given)


_FORMER: dict[str, Role] = {
    "class": "class",
    "converged": "flag",
    "dead": "dead",
    "maximum": "strength",
    "objective": "strength",
    "probe": "probe",
    "rescued": "flag",
    "score": "score",
    "warm": "flag",
}


def former_roles(names: Iterable[str]) -> dict[str, Role]:
    """The roles of columns in histories that kept none: the page knew these names by heart."""
    return {name: _FORMER[name] for name in names if name in _FORMER}
