"""What a recording leaves in memory while a network trains on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vizframe.errors import HistoryWriteError
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.history import Declaration, SeriesKey
from vizframe.history.encoding import encode_frame, stored_frame
from vizframe.network import Rests
from vizframe.network.in_room import bytes_of
from vizframe.plugin.frame import Frame
from vizframe.recording.freed_memory import GROWN, FreedMemory, resident, trim
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of

nn = mx.gluon.nn


def declaration(**more: object) -> Declaration:
    given = {
        "key": SeriesKey(label="deconvolution", layer="conv1"),
        "plugin": "deconvolution",
        "axes": ("unit", "y", "x"),
        "tile_shape": (3,),
        "picture_shape": (4, 5),
        **more,
    }
    return Declaration.model_validate(given)


def test_a_stored_frame_is_the_frame_as_it_is_encoded() -> None:
    values = np.random.default_rng(0).standard_normal((3, 4, 5)).astype(np.float32)
    values[1, 0, 0] = np.nan
    frame = Frame("conv1", values, notes=("n",), scalars={"share": 0.5}, signed=True)
    stored = stored_frame(declaration(), frame)
    again, direct = encode_frame(declaration(), stored), encode_frame(declaration(), frame)
    np.testing.assert_array_equal(again.stored, direct.stored)
    np.testing.assert_array_equal(again.low, direct.low)
    np.testing.assert_array_equal(stored.values, direct.values())
    assert (stored.layer, stored.notes, stored.scalars, stored.signed) == (
        "conv1",
        ("n",),
        {"share": 0.5},
        True,
    )


def test_a_stored_frame_fits_no_other_declaration() -> None:
    stored = stored_frame(declaration(), Frame("conv1", np.zeros((3, 4, 5), np.float32)))
    with pytest.raises(HistoryWriteError, match="has shape"):
        encode_frame(declaration(tile_shape=(2,)), stored)
    with pytest.raises(HistoryWriteError, match="has shape"):
        stored_frame(declaration(), Frame("conv1", np.zeros((3, 4, 6), np.float32)))


def test_memory_is_given_back_where_the_process_grew() -> None:
    sizes, trimmed = iter([GROWN + 1, 100, 100 + GROWN, 100 + GROWN + 1, 50]), []
    freed = FreedMemory(lambda: next(sizes), lambda: trimmed.append(True))
    for expected in (1, 1, 2):
        freed.give_back()
        assert len(trimmed) == expected
    assert resident() > 0
    trim()


def test_memory_is_given_back_at_the_end_by_what_there_was_at_the_beginning() -> None:
    grown = [5, 1, 1, 3, 3, 3, 3, 0]
    sizes, trimmed = iter([each * GROWN for each in grown]), []
    freed = FreedMemory(lambda: next(sizes), lambda: trimmed.append(True))
    within = freed.begin()  # what was there before is given back
    assert len(trimmed) == 1
    within.give_back()  # the first plugin has grown, and holds it
    within.give_back()  # the second has not
    assert len(trimmed) == 2
    freed.give_back()  # now both have let go of it
    assert len(trimmed) == 3


def net() -> Any:
    made = nn.HybridSequential()
    made.add(nn.Conv2D(8, 3, padding=1, activation="relu"), nn.Conv2D(4, 3), nn.Dense(3))
    made.initialize(mx.init.Xavier())
    made(mx.nd.zeros((1, 3, 16, 16)))
    return made


def test_a_network_at_rest_responds_as_before() -> None:
    model, images = net(), np.random.default_rng(0).random((5, 3, 16, 16), np.float32)
    network = GluonNetwork.of(model, (3, 16, 16), memory=1 << 20)
    assert isinstance(network, Rests)
    before = network.activations(images, ["0", "2"])
    network.rest()
    after = network.activations(images, ["0", "2"])
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


@pytest.mark.parametrize("memory", [1, 200_000, 1 << 30])
def test_activations_of_images_that_do_not_fit_together(memory: int) -> None:
    model, images = net(), np.random.default_rng(0).random((7, 3, 16, 16), np.float32)
    network = GluonNetwork.of(model, (3, 16, 16), memory=memory)
    found = network.activations(images, ["0", "1", "2"])
    expected = GluonNetwork.of(model, (3, 16, 16)).activations(images, ["0", "1", "2"])
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-6)


def test_a_step_holds_activations_as_far_as_there_is_room_and_they_are_those_of_one_pass() -> None:
    base = scene_of(ordinary())
    layers = base.network.layers
    all_at_once = {each.name: base.activations(each) for each in layers}
    sizes = [bytes_of(each, len(base.probe)) for each in layers]
    room = max(sizes) + min(sizes)
    scene = replace(base, cache={}, layers=layers, room=room)
    for layer in (*layers, layers[1], layers[-1], *layers):
        np.testing.assert_array_equal(scene.activations(layer), all_at_once[layer.name])
        assert sum(each.nbytes for each in scene.cache.values()) <= room
    few = replace(base, cache={}, layers=layers, room=1)
    assert few.activations(layers[0]).nbytes == sizes[0]
    assert list(few.cache) == [layers[0].name]
