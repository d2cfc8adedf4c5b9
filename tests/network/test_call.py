"""How a model is called: seen once, taken apart by name, and put together again."""

from __future__ import annotations

from collections import OrderedDict, UserDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from vizframe.errors import UnknownName
from vizframe.network.call import Array, Call, Other, arguments_of, observe_call


def seen(*arguments: object, names: tuple[str, ...] = ("x", "state", "more")) -> tuple[Array, Call]:
    found = observe_call(names, arguments, lambda e: e if isinstance(e, np.ndarray) else None)
    assert found is not None
    return found


def again(call: Call, images: Array) -> list[object]:
    """The arguments for these images."""
    values = {
        name: np.moveaxis(images, 0, call.axis)
        if name == call.input
        else call.others[name].repeated(len(images))
        for name in call.names
    }
    return arguments_of(values, call.forms)


def test_images_and_a_vector() -> None:
    images, vector = np.ones((5, 1, 8, 8), np.float32), np.arange(15.0).reshape(5, 3)
    found, call = seen(vector, images)
    assert np.array_equal(found, images)
    assert (call.names, call.input, call.size) == (("x", "state"), "state", 5)
    given, same = again(call, images[:2])
    assert same is not None
    assert np.array_equal(np.asarray(given), vector[[0, 0]])


def test_tokens_by_time_and_their_states() -> None:
    tokens = np.zeros((12, 4), np.int32)
    states = [np.full((2, 4, 6), 1.0), np.full((2, 4, 6), 2.0)]
    found, call = seen(tokens, states)
    assert found.shape == (4, 12)
    assert (call.input, call.axis, call.dtype) == ("x", 1, "int32")
    assert [call.others[f"state.{k}"].axis for k in (0, 1)] == [1, 1]
    x, state = again(call, found[:3])
    assert np.asarray(x).shape == (12, 3)
    assert isinstance(state, list)
    assert [each.shape for each in state] == [(2, 3, 6), (2, 3, 6)]
    assert state[1].max() == 2


@pytest.mark.parametrize(("images", "axis"), [((6, 3, 4), 1), ((3, 6, 4), 0)])
def test_states_as_wide_as_a_text_is_long_say_where_the_images_lie(
    images: tuple[int, ...], axis: int
) -> None:
    _, call = seen(np.zeros(images), [np.zeros((1, 3, 6))])  # three images, six steps, six units
    assert (call.axis, call.others["state.0"].axis) == (axis, 1)


def test_two_sequences_of_one_length_have_their_images_first() -> None:
    _, call = seen(np.zeros((3, 6, 4)), np.zeros((3, 6, 5)))
    assert (call.axis, call.others["state"].axis) == (0, 0)


def test_as_many_layers_as_images_do_not_mislead() -> None:
    _, call = seen(np.zeros((2, 7), np.float32), [np.zeros((2, 2, 6))])
    assert call.others["state.0"].axis == 1


def test_dicts_lists_and_what_is_no_array() -> None:
    batch = {"image": np.ones((3, 1, 4, 4)), "masks": [None, np.ones((3, 4))], "scale": 2.5}
    _, call = seen(batch, "train", names=("batch", "mode"))
    assert call.names == ("batch.image", "batch.masks.0", "batch.masks.1", "batch.scale", "mode")
    given, mode = again(call, np.ones((1, 1, 4, 4)))
    assert mode == "train"
    assert isinstance(given, dict)
    assert given["scale"] == 2.5
    assert given["masks"][0] is None
    assert given["masks"][1].shape == (1, 4)


def test_what_belongs_to_no_image_is_given_as_it_is() -> None:
    _, call = seen(np.zeros((3, 1, 4, 4)), np.eye(7))
    assert call.others["state"].axis is None
    assert again(call, np.zeros((2, 1, 4, 4)))[1] is call.others["state"].value


def test_a_call_without_arrays_is_none() -> None:
    assert observe_call(("x",), (None, 3), lambda _: None) is None


def test_others_are_settable_by_name() -> None:
    _, call = seen(np.zeros((3, 1, 4, 4)), [np.zeros((1, 3, 5))], None)
    changed = call.given({"state.0": np.ones((1, 5)), "more": 4})
    assert changed.others["state.0"].shape(2) == (1, 2, 5)
    assert str(changed.others["state.0"]) == "float64 of 1 × 5"
    assert np.asarray(changed.others["more"].value) == 4
    with pytest.raises(UnknownName, match=r"input 'stat' is not known; it can be 'state\.0'"):
        call.given({"stat": 1})


def test_a_number_describes_itself() -> None:
    assert str(Other(None, None)) == "None"
    assert str(Other(np.array(3, np.float32))) == "float32 of one number"


Pair = namedtuple("Pair", "image label")


@dataclass(frozen=True)
class Sample:
    image: Array
    names: list[str]
    scale: float = 2.0


class Bunch:
    def __init__(self, image: Array, count: int) -> None:
        self.image, self.count = image, count


class Words(UserDict[str, object]):
    """As a tokenizer gives it."""

    def __init__(self, data: dict[str, object], kind: str) -> None:
        super().__init__(data)
        self.kind = kind


IMAGE = np.ones((5, 1, 8, 8), np.float32)
PACKED: list[object] = [
    Pair(IMAGE, {"of.all": (1, "x")}),
    Sample(IMAGE, ["a", "b"]),
    Bunch(IMAGE, 3),
    Words({"ids": IMAGE}, "short"),
    OrderedDict({"2": IMAGE, "1": None}),
    (IMAGE, [7, {"mask": (None,)}]),
]


@pytest.mark.parametrize("packed", PACKED, ids=lambda packed: type(packed).__name__)
def test_what_arguments_are_packed_in_is_put_together_again(packed: object) -> None:
    found, call = seen(packed)
    (made,) = again(call, found)
    assert type(made) is type(packed)
    if isinstance(packed, Bunch):
        assert vars(made).keys() == vars(packed).keys()
    values = [each for name, each in call.values() if name != call.input]
    again_seen = seen(made)[1]
    assert [each for name, each in again_seen.values() if name != call.input] == values
    assert again_seen.names == call.names
    assert getattr(made, "kind", "") == getattr(packed, "kind", "")
