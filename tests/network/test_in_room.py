"""Layers in groups that there is room for."""

from __future__ import annotations

from vizframe.network.in_room import bytes_of, first_in_room, in_room
from vizframe.network.layer import Layer

LAYERS = [Layer(str(n), "Convolution", (n + 1, 5, 5), n + 1) for n in range(6)]


def names(layers: tuple[Layer, ...]) -> str:
    return "".join(each.name for each in layers)


def test_groups_are_as_large_as_there_is_room_for_and_have_every_layer_once() -> None:
    room = bytes_of(LAYERS[0], 2) * 6  # of one unit each
    assert [names(each) for each in in_room(LAYERS, 2, room)] == ["012", "3", "4", "5"]


def test_one_layer_is_asked_for_however_little_room_there_is() -> None:
    assert names(first_in_room(LAYERS, 2, 0)) == "0"
    assert [names(each) for each in in_room(LAYERS, 2, 0)] == list("012345")


def test_with_room_enough_all_are_one_group() -> None:
    assert [names(each) for each in in_room(LAYERS, 2, 1e9)] == ["012345"]
    assert list(in_room([], 2, 1e9)) == []
