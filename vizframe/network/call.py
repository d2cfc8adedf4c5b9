"""How a model is called: its images, and what it is given beside them.

    net(images, vector)                 images are one input, ``vector`` is another
    net(tokens, [hidden, cell])         inputs are ``tokens``, ``state.0`` and ``state.1``
    net({"image": …, "mask": None})     ``batch.image`` and ``batch.mask``

A name is the argument's own, with the places inside its lists and dicts behind it. What is not the
images is the same for each of them: what the first image of the first batch came with.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from vizframe.errors import UnknownName
from vizframe.network.containers import Form, taken_apart

Array = npt.NDArray[np.generic]
ToNumpy = Callable[[object], "Array | None"]
"""An array of a framework in NumPy, as it is; None of anything else."""


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """What a model is given beside the images.

    Attributes:
        value: an array of one image, without the axis of the images where it has one; or, of what
            is no array, the thing itself: a number, a text, None.
        axis: where the axis of the images lies when it is given; None: it is given as it is.
    """

    value: object
    axis: int | None = 0

    def repeated(self, count: int) -> object:
        """What the model is given with so many images."""
        if self.axis is None or not isinstance(self.value, np.ndarray):
            return self.value
        return np.repeat(np.expand_dims(self.value, self.axis), count, axis=self.axis)

    def shape(self, count: int) -> tuple[int, ...]:
        """Of the array that it is given with so many images."""
        assert isinstance(self.value, np.ndarray)
        shape = list(self.value.shape)
        if self.axis is not None:
            shape.insert(self.axis, count)
        return tuple(shape)

    def __str__(self) -> str:
        if not isinstance(self.value, np.ndarray):
            return repr(self.value)
        shape = " × ".join(map(str, self.value.shape)) or "one number"
        return f"{self.value.dtype} of {shape}"


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """How a model is called.

    Attributes:
        names: of all that it is given, in order; empty where that is not known.
        input: which of them takes the images; the first by default.
        axis: where that one has the axis of the images: sequences may be (time, batch).
        others: all the others.
        size: how many images it was called with, for models that take no other number.
        dtype: of the images, such as ``int32`` of tokens.
        is_flat: whether it is given each image as one row of numbers.
        forms: of the containers among its arguments, by name.
    """

    names: tuple[str, ...] = ()
    input: str = ""
    axis: int = 0
    others: Mapping[str, Other] = field(default_factory=dict)
    size: int | None = None
    dtype: str = "float32"
    is_flat: bool = False
    forms: Mapping[str, Form] = field(default_factory=dict)

    def is_array(self, name: str) -> bool:
        """Whether the model is given an array under that name."""
        return name == self.input or isinstance(self.others[name].value, np.ndarray)

    def values(self) -> Iterator[tuple[str, object]]:
        """All that it is given, by name and in order; None for the images."""
        for name in self.names:
            yield name, None if name == self.input else self.others[name].value

    def given(self, others: Mapping[str, object]) -> Call:
        """The same call with these in the place of what it was seen with, by name: for each image
        alike, an array without the axis of the images.

        Raises:
            UnknownName: the model is given nothing of that name.
        """
        known = [name for name in self.names if name != self.input]
        for name in others:
            if self.names and name not in known:
                raise UnknownName("input", name, known)
        axes = {name: other.axis for name, other in self.others.items()}
        made = {name: _given(value, axes.get(name, 0)) for name, value in others.items()}
        return replace(self, others={**self.others, **made})


def _given(value: object, axis: int | None) -> Other:
    """What a user gives: numbers and nested lists of these are arrays, too."""
    if isinstance(value, Other):
        return value
    if value is None or isinstance(value, (str, bool)):
        return Other(value, None)
    return Other(np.asarray(value), axis)


def observe_call(
    names: Sequence[str],
    arguments: Sequence[object],
    to_numpy: ToNumpy,
    axis: int | None = None,
) -> tuple[Array, Call] | None:
    """The images of a call, their axis first, and all the rest of it; None where it has no array.

    The images are the first array of four axes, else the first of two or more, else the first.

    Args:
        names: of the arguments; further ones go by their number.
        axis: where the axis of the images lies among those of their array; None to guess it.
    """
    forms: dict[str, Form] = {}

    def is_array(value: object) -> bool:
        return to_numpy(value) is not None

    leaves = dict(_leaves(names, arguments, forms, is_array))
    arrays = {name: array for name, each in leaves.items() if (array := to_numpy(each)) is not None}
    images = _images(arrays)
    if images is None:
        return None
    others = {name: array for name, array in arrays.items() if name != images}
    given = arrays[images]
    own = _common_axis(given, list(others.values())) if axis is None else axis
    count = given.shape[own]
    made: dict[str, Other] = {}
    for name, value in leaves.items():
        if name in others:
            made[name] = _first_of(others[name], count)
        elif name != images:
            made[name] = Other(value, None)
    call = Call(tuple(leaves), images, own, made, count, str(given.dtype), forms=forms)
    return np.moveaxis(given, own, 0), call


def arguments_of(
    values: Mapping[str, object], forms: Mapping[str, Form] | None = None, path: str = ""
) -> list[object]:
    """What a model is called with, put together again from named values: in containers of these
    forms; where one is not known, in lists where the places are numbers, else dicts.

    >>> arguments_of({"x": 1, "state.0": 2, "state.1": 3, "more.mask": None})
    [1, [2, 3], {'mask': None}]
    """
    groups: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        first, _, rest = name.partition(".")
        groups.setdefault(first, {})[rest] = value
    known = forms or {}
    return [
        group[""] if "" in group else _container(group, known, path + first)
        for first, group in groups.items()
    ]


def _container(values: Mapping[str, object], forms: Mapping[str, Form], path: str) -> object:
    keys = list(dict.fromkeys(name.partition(".")[0] for name in values))
    parts = arguments_of(values, forms, f"{path}.")
    if path in forms:
        return forms[path].hold(parts)
    return parts if all(key.isdecimal() for key in keys) else dict(zip(keys, parts, strict=True))


def _leaves(
    names: Sequence[str],
    arguments: Sequence[object],
    forms: dict[str, Form],
    is_array: Callable[[object], bool],
) -> Iterator[tuple[str, object]]:
    """All that is in the arguments, by name; the containers' forms go into ``forms``."""

    def inside(name: str, value: object) -> Iterator[tuple[str, object]]:
        apart = taken_apart(value, is_array)
        if apart is None:
            yield name, value
            return
        forms[name], parts = apart
        for key, each in parts:
            yield from inside(f"{name}.{key}", each)

    for number, argument in enumerate(arguments):
        yield from inside(names[number] if number < len(names) else str(number), argument)


def _images(arrays: Mapping[str, Array]) -> str | None:
    def first(ranks: Container[int]) -> str | None:
        return next((name for name, array in arrays.items() if array.ndim in ranks), None)

    return first((4,)) or first(range(2, 33)) or first((1,))


def _common_axis(images: Array, others: Sequence[Array]) -> int:
    """The axis of the images in their own array: the first, or the second where only that is as
    long as an axis of every other array; of a state, (layer, batch, unit), the middle one."""

    def batches(other: Array) -> Sequence[int]:
        is_state = other.ndim == 3 and other.shape[0] != images.shape[0]
        return other.shape[1:2] if is_state and other.shape[1] in images.shape[:2] else other.shape

    def is_common(axis: int) -> bool:
        return all(images.shape[axis] in batches(each) for each in others if each.ndim)

    return 1 if 2 <= images.ndim <= 3 and not is_common(0) and is_common(1) else 0


def _first_of(array: Array, count: int) -> Other:
    """What belongs to the first of so many images. States are (layer, batch, unit): of three axes
    the middle one goes first."""
    order = (1, 0, 2) if array.ndim == 3 else range(array.ndim)
    for axis in order:
        if array.shape[axis] == count:
            return Other(np.asarray(np.take(array, 0, axis=axis)), axis)
    return Other(array, None)
