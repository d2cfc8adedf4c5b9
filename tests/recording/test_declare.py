"""Declarations: what a frame must fit, and what the history is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from pydantic import Field

from vizframe.errors import PluginError
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.recording.declare import checked_frames, declaration
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of


class Echo(Plugin):
    """What goes in.

    More about it.
    """

    name: ClassVar[str] = "echo"
    version: ClassVar[int] = 3
    makes: ClassVar = (
        Picture(
            axes=("probe", "unit", "y", "x"),
            signed=True,
            help="Maps.",
            columns={"score": "How loud.", "rest": "Not made today."},
        ),
        Picture(axes=("unit", "y", "x", "channel"), part="patch", draw="image", help="Patches."),
    )

    gain: float = Field(2.0, description="Of nothing.")

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        yield from ()


def frame(*shape: int, part: str = "", **columns: tuple[int, ...]) -> Frame:
    numbers = {name: np.zeros(size, np.float32) for name, size in columns.items()}
    return Frame("conv0", np.zeros(shape, np.float32), part, numbers)


def test_a_declaration_has_all_that_showing_the_series_needs() -> None:
    made = declaration("mine", Echo(gain=5), frame(2, 3, 4, 5, score=(2, 3), curve=(2, 3, 9)), 7)
    assert str(made.key) == "mine of conv0"
    assert (made.plugin, made.version, made.seed) == ("echo", 3, 7)
    assert (made.tile_shape, made.picture_shape) == ((2, 3), (4, 5))
    assert (made.signed, made.draw, made.picture_help) == (True, "map", "Maps.")
    assert made.help == "What goes in.\n\nMore about it."
    assert made.parameters == {"gain": 5.0}
    assert made.columns == {"score": 0, "curve": 9}
    assert made.column_help == {"score": "How loud."}


@pytest.mark.parametrize("scalars", [{"a/b": 1.0}, {"many": np.ones(3)}])
def test_a_scalar_is_one_number_under_a_plain_name(scalars: dict[str, float]) -> None:
    made = replace(frame(2, 3, 4, 5), scalars=scalars)
    with pytest.raises(PluginError, match="it can be one number, under a name without '/'"):
        declaration("mine", Echo(), made)


def test_a_dense_layer_may_leave_the_spatial_axes_out() -> None:
    made = declaration("echo", Echo(), frame(2, 10))
    assert (made.axes, made.tile_shape, made.picture_shape) == (("probe", "unit"), (2, 10), ())


def test_a_grey_input_may_leave_the_channel_axis_out() -> None:
    made = declaration("echo", Echo(), frame(6, 8, 8, part="patch"))
    assert (made.axes, made.picture_shape) == (("unit", "y", "x"), (8, 8))


def test_a_frame_may_know_better_whether_it_is_signed() -> None:
    maps = replace(frame(2, 3, 4, 5), signed=False)
    assert not declaration("echo", Echo(), maps).signed


def test_a_part_is_declared_by_its_own_picture() -> None:
    made = declaration("echo", Echo(), frame(6, 8, 8, 3, part="patch"))
    assert (made.key.kind, made.tile_shape, made.picture_shape) == ("echo.patch", (6,), (8, 8, 3))


def test_a_part_that_is_not_declared_is_refused() -> None:
    with pytest.raises(PluginError, match=r"^echo made part 'patches'; it declares '', 'patch'$"):
        declaration("echo", Echo(), frame(1, part="patches"))


def test_a_shape_that_does_not_fit_the_axes_is_refused() -> None:
    with pytest.raises(PluginError) as raised:
        declaration("echo", Echo(), frame(2, 3, 4))
    assert str(raised.value) == (
        "echo made a frame of shape (2, 3, 4) for conv0; its axes can be (probe, unit, y, x)"
    )


@pytest.mark.parametrize("shape", [(2,), (3, 2), (2, 3, 1, 1)])
def test_a_column_that_does_not_fit_the_tiles_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PluginError, match=r"made column 'score' of shape .* it can be \(2, 3\)"):
        declaration("echo", Echo(), frame(2, 3, 4, 5, score=shape))


class Void(Echo):
    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.layers[:1]:
            yield Frame(layer.name, np.zeros((1, layer.units, 4, 0), np.float32))


def test_a_frame_that_holds_nothing_is_refused() -> None:
    with pytest.raises(PluginError, match=r"^echo made a frame of shape .* holds nothing; a layer"):
        list(checked_frames(Void(), scene_of(ordinary())))


class Steps(Plugin):
    """Places in time, as a network has them."""

    makes: ClassVar = (Picture(axes=("probe", "time", "unit"), draw="text", help="Over time."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.layers[:1]:
            values = np.arange(2 * 3 * layer.units, dtype=np.float32).reshape(2, 3, -1)
            yield Frame(layer.name, values)


def test_a_sequence_is_kept_as_a_row_over_time_per_unit() -> None:
    scene = scene_of(ordinary())
    (made,) = checked_frames(Steps(), scene)
    units = scene.layers[0].units
    declared = declaration("steps", Steps(), made)
    assert declared.axes == ("probe", "unit", "time")
    assert (declared.tile_shape, declared.picture_shape) == ((2, units), (3,))
    assert made.values[1, 2].tolist() == [3 * units + 2, 4 * units + 2, 5 * units + 2]
