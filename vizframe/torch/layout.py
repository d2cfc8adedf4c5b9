"""A layout: how what a node gave becomes a layer's output, the images first.

    channels last  (batch, y, x, unit)              ─► (batch, unit, y, x)
    tokens         (batch, 1 + y·x, unit)           ─► (batch, unit, y, x)   without the first one
    windows        (batch · Y · X, y' · x', unit)   ─► (batch, unit, Y · y', X · x')
    shifted ones   the same, of a map that was rolled, or has zeros behind it ─► as it was before

Axes are cut into the pieces that they were made of, and these are put together again: so a window's
place lies where it is in the image.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, cast, get_args

import torch

from vizframe.network.kinds import Axis
from vizframe.torch.batch import Count
from vizframe.torch.label import Label, Labels

AXES = get_args(Axis)

IMAGES_PIECE = -1
"""Stands for the length of the images' axis, which may be any."""


@dataclass(frozen=True, slots=True)
class Roll:
    """The step of a map that was rolled along an axis."""

    axis: int
    shift: int

    def apply(self, shown: Any) -> Any:
        return shown.roll(self.shift, self.axis)

    def revert(self, shown: Any) -> Any:
        return shown.roll(-self.shift, self.axis)


@dataclass(frozen=True, slots=True)
class Pad:
    """The step of a map that was padded with zeros at its end along an axis, to ``length`` places,
    of which ``inner`` are its own."""

    axis: int
    inner: int
    length: int

    def apply(self, shown: Any) -> Any:
        shape = list(shown.shape)
        shape[self.axis] = self.length - self.inner
        return torch.cat([shown, shown.new_zeros(shape)], self.axis)

    def revert(self, shown: Any) -> Any:
        return shown.narrow(self.axis, 0, self.inner)


@dataclass(frozen=True, slots=True)
class Layout:
    """See the module.

    Attributes:
        pieces: the lengths of those that each axis of the node's output is cut into, outermost
            first.
        order: the order in which all pieces stand in the layer's output.
        merged: how many pieces, in that order, make each axis of the layer's output.
        tokens: (axis, first, count) of the places that lie on the grid, where others do not.
        steps: those that were done to the map before it was cut, last first.
    """

    pieces: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]
    merged: tuple[int, ...]
    tokens: tuple[int, int, int] | None = None
    steps: tuple[Roll | Pad, ...] = ()

    @property
    def is_permutation(self) -> bool:
        """Whether axes only change their order, so that maps of any size can be shown by it."""
        is_whole = all(len(each) == 1 for each in self.pieces) and set(self.merged) == {1}
        return is_whole and self.tokens is None and not self.steps

    def __call__(self, output: Any) -> Any:
        if self.is_permutation:
            return output.permute(self.order)
        moved = self._on_grid(output).reshape(self._lengths).permute(self.order)
        lengths = [self._lengths[each] for each in self.order]
        ends = [0, *accumulate(self.merged)]
        made = moved.reshape([_product(lengths[a:b]) for a, b in pairwise(ends)])
        for each in self.steps:
            made = each.revert(made)
        return made

    def beside(self, output: Any) -> Any:
        """The tokens that are no place of the grid, (batch, unit, tokens); None without any."""
        if self.tokens is None or len(self.pieces) != 3:
            return None
        axis, first, count = self.tokens
        end = first + count
        after = output.narrow(axis, end, output.shape[axis] - end)
        found = torch.cat([output.narrow(axis, 0, first), after], axis)
        images = self.pieces.index((IMAGES_PIECE,))
        return found.permute((images, 3 - images - axis, axis)) if found.shape[axis] else None

    def put(self, output: Any, shown: Any) -> Any:
        """The node's output with these values where they are shown: tokens that are not on the
        grid stay."""
        back = [self.order.index(each) for each in range(len(self.order))]
        if self.is_permutation:
            return shown.permute(back)
        whole = output.clone()
        grid = self._on_grid(whole)
        pieces = [self._lengths[each] for each in self.order]
        for each in reversed(self.steps):
            shown = each.apply(shown)
        grid.copy_(shown.reshape(pieces).permute(back).reshape(grid.shape))
        return whole

    @property
    def _lengths(self) -> list[int]:
        return [length for each in self.pieces for length in each]

    def _on_grid(self, output: Any) -> Any:
        return output if self.tokens is None else output.narrow(*self.tokens)


@dataclass(frozen=True, slots=True)
class Shown:
    """A layer's output: what its axes are called behind the images', and how long they are."""

    layout: Layout | None
    words: tuple[Axis, ...]
    shape: tuple[int, ...]


def shown(labels: Labels, shape: Sequence[Any], heads: Collection[Label] = ()) -> Shown | None:
    """How a node's output of these axes is shown; None where its images cannot be told apart.

    Args:
        shape: of the node, whose numbers of images are `Count`s.
        heads: those labels that are heads of an attention; others called so are parts of units.
    """
    found = _as_map(labels, shape, heads)
    return _as_it_is(labels, shape, heads) if found is None else found


def _as_it_is(labels: Labels, shape: Sequence[Any], heads: Collection[Label]) -> Shown | None:
    one_each = Count(1, 0)
    images = [n for n, e in enumerate(labels) if e.name == "batch" and shape[n] == one_each]
    if len(images) != 1:
        return None
    order = (images[0], *(n for n in range(len(labels)) if n != images[0]))
    layout = Layout(tuple((e.length,) for e in labels), order, (1,) * len(order))
    kept = [labels[n] for n in order[1:]]
    words = tuple(_word(each, heads) for each in kept)
    turned = None if order == tuple(range(len(order))) else layout
    return Shown(turned, words, tuple(each.length for each in kept))


def _word(label: Label, heads: Collection[Label]) -> Axis:
    if label.name == "head" and label not in heads:
        return "place"
    return cast(Axis, label.name) if label.name in AXES else "place"


def _as_map(labels: Labels, shape: Sequence[Any], heads: Collection[Label]) -> Shown | None:
    """A map of units, wherever its pieces lie; None where it is none, or not of whole images."""
    axes = [_atoms(each) for each in labels]
    atoms = [atom for each in axes for atom in each]
    images = [n for n, each in enumerate(atoms) if each.name == "batch"]
    if len(images) != 1 or not _is_of_images(axes, shape):
        return None
    places = [_cover(name, atoms) for name in ("y", "x")]
    if any(each is None for each in places):
        return None
    (y, rows), (x, columns) = cast(list[tuple[Label, list[int]]], places)
    units = [n for n in range(len(atoms)) if n not in {*images, *rows, *columns}]
    if not units or not all(_is_of_units(atoms[n], heads) for n in units):
        return None
    if not any(atoms[n].name == "unit" for n in units):
        return None
    is_cut = len(rows) > 1 or len(columns) > 1
    y_steps, height = _steps(y, 2, is_cut)
    x_steps, width = _steps(x, 3, is_cut)
    layout = Layout(
        tuple(tuple(IMAGES_PIECE if e.name == "batch" else e.length for e in a) for a in axes),
        (*images, *units, *rows, *columns),
        (1, len(units), len(rows), len(columns)),
        _tokens(labels),
        (*y_steps, *x_steps),
    )
    lengths = (math.prod(atoms[n].length for n in units), height, width)
    is_plain = layout.is_permutation and layout.order == tuple(range(len(layout.order)))
    return Shown(None if is_plain else layout, ("unit", "y", "x"), lengths)


def _steps(label: Label, axis: int, is_cut: bool) -> tuple[list[Roll | Pad], int]:
    """The steps that were done to an axis, last first, and its length before them. A map that is
    only padded is shown as it is."""
    found: list[Roll | Pad] = []
    is_cut = is_cut or label.shift != 0
    while True:
        if label.shift:
            found.append(Roll(axis, label.shift))
        if label.inner is None or not is_cut:
            return found, label.length
        found.append(Pad(axis, label.inner.length, label.length))
        label = label.inner


def _atoms(label: Label) -> list[Label]:
    """The axes that one was merged from, outermost first; an axis of units stays whole."""
    if label.name == "unit" or not label.parts:
        return [label]
    return [atom for each in label.parts for atom in _atoms(each)]


def _is_of_images(axes: Sequence[Sequence[Label]], shape: Sequence[Any]) -> bool:
    """Whether the axis with the images in it is as long as they are many times its other pieces."""
    for axis, length in zip(axes, shape, strict=True):
        if any(each.name == "batch" for each in axis):
            others = math.prod(each.length for each in axis if each.name != "batch")
            return bool(length == Count(others, 0))
    return False


def _cover(name: str, atoms: Sequence[Label]) -> tuple[Label, list[int]] | None:
    """The one axis of that name, and its pieces among the atoms, outermost first. Where the
    innermost are gone, as when pixels that lie together become features of one, it is a coarser
    axis."""
    roots = {root for each in atoms if (root := _root(each)).name == name}
    if len(roots) != 1:
        return None
    (root,) = roots
    found = list(_pieces(root, atoms))
    length = math.prod(atoms[n].length for n in found)
    if found and length != root.length and root.length % length == 0 and not root.shift:
        return Label(name, length), found
    return (root, found) if length == root.length else None


def _root(label: Label) -> Label:
    while label.whole is not None:
        label = label.whole[0]
    return label


def _pieces(whole: Label, atoms: Sequence[Label]) -> Iterator[int]:
    """The places among the atoms of the pieces that an axis was cut into, outermost first."""
    if whole in atoms:
        yield atoms.index(whole)
        return
    parts = {part for each in atoms for part in _way_up(each) if part.whole is not None}
    inside = sorted((each for each in parts if _is_part(each, whole)), key=_number)
    for number, part in enumerate(inside):
        if _number(part) == number:
            yield from _pieces(part, atoms)


def _way_up(label: Label) -> Iterator[Label]:
    yield label
    while label.whole is not None:
        label = label.whole[0]
        yield label


def _is_part(label: Label, whole: Label) -> bool:
    return label.whole is not None and label.whole[0] == whole


def _number(part: Label) -> int:
    return 0 if part.whole is None else part.whole[1]


def _is_of_units(atom: Label, heads: Collection[Label]) -> bool:
    return atom.name == "unit" or atom.length == 1 or (atom.name == "head" and atom not in heads)


def _tokens(labels: Labels) -> tuple[int, int, int] | None:
    for axis, each in enumerate(labels):
        places = math.prod(atom.length for atom in _atoms(each))
        if each.parts and each.name != "batch" and places != each.length:
            return axis, each.before, places
    return None


def _product(lengths: Sequence[int]) -> int:
    return IMAGES_PIECE if IMAGES_PIECE in lengths else math.prod(lengths)
