"""A label: what one axis of what a node gave is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """What one axis is called, and how it came about.

    Attributes:
        name: ``batch``, or one of `vizframe.network.kinds.Axis`.
        length: of it; of ``batch`` `vizframe.torch.axes.IMAGES`.
        parts: the axes that were merged into it, outermost first.
        before: how many places stand before these, as a class token does.
        whole: the axis that it is a part of, and which, as windows of a map are.
        shift: by how many places it was rolled.
        inner: what its first places are, where others were put behind them.
    """

    name: str
    length: int
    parts: tuple[Label, ...] = ()
    before: int = 0
    whole: tuple[Label, int] | None = None
    shift: int = 0
    inner: Label | None = None

    @property
    def grid(self) -> tuple[Label, Label] | None:
        """Of y and x, where the places lie on the image's grid."""
        flat = [each for part in self.parts for each in (part.parts or (part,))]
        if [each.name for each in flat] == ["y", "x"]:
            return flat[0], flat[1]
        return None


Labels = tuple[Label, ...]


def has(labels: Labels, name: str) -> bool:
    """Whether an axis is called so."""
    return any(each.name == name for each in labels)
