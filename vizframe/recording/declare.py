"""Declaring: from what a plugin promises (its Pictures) and a frame it made, the declaration that
the history keeps, by which the series can be shown without the plugin.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Generator, Iterable
from dataclasses import replace

import numpy as np

from vizframe.errors import PluginError
from vizframe.history import Declaration, SeriesKey
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import SPATIAL_AXES, Frame, Picture, tile_axes, tiles_first
from vizframe.recording.inspection import inspect_frame
from vizframe.wording import short


def declaration(label: str, plugin: Plugin, frame: Frame, seed: int = 0) -> Declaration:
    """The declaration of the series that the frame belongs to, as `checked_frames` gives it.

    Raises:
        PluginError: the frame is not what the plugin declares.
    """
    picture = _picture(plugin, frame)
    _check_scalars(plugin, frame)
    axes = _axes(plugin, picture, frame)
    tiles = len(tile_axes(axes))
    described = {
        name: each for name, each in picture.described_columns.items() if name in frame.columns
    }
    return Declaration(
        key=SeriesKey(label=label, layer=frame.layer, part=frame.part),
        plugin=plugin.name,
        version=plugin.version,
        help=inspect.cleandoc(type(plugin).__doc__ or ""),
        picture_help=picture.help,
        title=picture.title,
        parameters=plugin.model_dump(mode="json"),
        parameter_schema=_schema(type(plugin)),
        seed=seed,
        axes=axes,
        tile_shape=frame.values.shape[:tiles],
        picture_shape=frame.values.shape[tiles:],
        signed=picture.signed if frame.signed is None else frame.signed,
        draw=picture.draw,
        value_range=picture.value_range,
        encoding=picture.encoding,
        over=picture.over,
        zero_is_dead=picture.zero_is_dead,
        columns=_columns(plugin, frame, tiles),
        column_help={name: each.help for name, each in described.items()},
        column_roles={name: each.role for name, each in described.items() if each.role != "value"},
    )


def frames_of(plugin: Plugin, scene: Scene) -> Iterable[Frame]:
    """What the plugin makes of the scene. Raises PluginError where it gives no frames at all."""
    given: object = plugin.visualize(scene)
    if not isinstance(given, Iterable):
        raise PluginError(
            f"{plugin.name} gave {short(given)} for its frames; it can yield "
            "Frame(layer.name, values)"
        )
    return given


def checked_frames(
    plugin: Plugin, scene: Scene, made: Iterable[Frame] | None = None
) -> Generator[Frame, None, None]:
    """The frames that the plugin makes of the scene, each checked before it is used.

    Args:
        made: the frames, where the plugin has made them already.

    Raises:
        PluginError: it gives something else, or a frame with more units or images than there are.
    """
    given = frames_of(plugin, scene) if made is None else made
    try:
        for frame in given:
            if not isinstance(frame, Frame):
                raise PluginError(
                    f"{plugin.name} yielded a {type(frame).__name__}; it can yield "
                    "Frame(layer.name, values)"
                )
            plain = _with_tiles_first(plugin, inspect_frame(plugin.name, frame))
            _check_lengths(plugin, plain, scene)
            del frame  # while the next one is made, this one need not be there
            yield plain
            del plain
    finally:
        if isinstance(given, Generator):  # what it has left to do, it does now and not in training
            given.close()


def _with_tiles_first(plugin: Plugin, frame: Frame) -> Frame:
    """The frame with its axes in the history's order, those of the tiles first: (probe, time, unit)
    becomes (probe, unit, time)."""
    axes = _picture(plugin, frame).axes
    ordered = tiles_first(axes)
    if axes == ordered or frame.values.ndim != len(axes):
        return frame
    order = [axes.index(axis) for axis in ordered]
    if frame.values.dtype == np.uint8:
        return replace(frame, values=np.array(frame.values.transpose(order), np.uint8, order="C"))
    return replace(frame, values=np.array(frame.values.transpose(order), np.float32, order="C"))


def _check_lengths(plugin: Plugin, frame: Frame, scene: Scene) -> None:
    """Raises PluginError for an empty frame, or one with more units or images than there are."""
    axes = _axes(plugin, _picture(plugin, frame), frame)
    if 0 in frame.values.shape:
        raise PluginError(
            f"{plugin.name} made a frame of shape {frame.values.shape} for {frame.layer}, which "
            "holds nothing; a layer that has nothing to show can be left out"
        )
    most = {"probe": len(scene.probe), "unit": scene.network.layer(frame.layer).units}
    for axis, length in zip(axes, frame.values.shape, strict=False):
        if length > most.get(axis, length):
            raise PluginError(
                f"{plugin.name} made {length} along {axis!r} for {frame.layer}, which has "
                f"{most[axis]}; its axes are ({', '.join(axes)})"
            )


@functools.cache
def _schema(plugin: type[Plugin]) -> dict[str, object]:
    """The JSON schema of a plugin's parameters, made once per class: it costs milliseconds, and a
    step has dozens of frames."""
    return plugin.model_json_schema()


def _picture(plugin: Plugin, frame: Frame) -> Picture:
    for picture in plugin.makes:
        if picture.part == frame.part:
            return picture
    parts = ", ".join(repr(picture.part) for picture in plugin.makes)
    raise PluginError(f"{plugin.name} made part {frame.part!r}; it declares {parts}")


def _axes(plugin: Plugin, picture: Picture, frame: Frame) -> tuple[str, ...]:
    """The frame's axes: the declared ones, without those that it does not have: channel for a grey
    input, y and x for a dense layer, layer for a recurrent layer of one depth."""
    for left_out in ((), ("channel",), ("y", "x"), SPATIAL_AXES, ("layer",)):
        axes = tuple(axis for axis in tiles_first(picture.axes) if axis not in left_out)
        if frame.values.ndim == len(axes):
            return axes
    raise PluginError(
        f"{plugin.name} made a frame of shape {frame.values.shape} for {frame.layer}; "
        f"its axes can be ({', '.join(picture.axes)})"
    )


def _check_scalars(plugin: Plugin, frame: Frame) -> None:
    for name, value in frame.scalars.items():
        if "/" in name or np.ndim(value):
            raise PluginError(
                f"{plugin.name} made the scalar {name!r} of shape {np.shape(value)} for "
                f"{frame.layer}; it can be one number, under a name without '/'"
            )


def _columns(plugin: Plugin, frame: Frame, tiles: int) -> dict[str, int]:
    lengths = {}
    for name, column in frame.columns.items():
        trailing = np.shape(column)[tiles:]
        if np.shape(column)[:tiles] != frame.values.shape[:tiles] or len(trailing) > 1:
            raise PluginError(
                f"{plugin.name} made column {name!r} of shape {np.shape(column)} for "
                f"{frame.layer}; it can be {frame.values.shape[:tiles]} or that and one axis more"
            )
        lengths[name] = trailing[0] if trailing else 0
    return lengths
