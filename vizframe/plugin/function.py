"""A plugin that is one function: what it makes of a layer's activations.

@plugin(axes=("probe", "unit"), draw="bar")
def contrast(maps, power: float = 1.0):
    '''How much each unit's activation varies over the places of each probe image.'''
    return maps.std(axis=(2, 3)) ** power
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, get_type_hints

import numpy as np
from pydantic import create_model
from pydantic.fields import FieldInfo

from vizframe.arrays import FloatArray
from vizframe.errors import PluginError
from vizframe.network.layer import Layer
from vizframe.plugin.base import Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Draw, Encoding, Frame, Picture
from vizframe.wording import first_sentence

GIVEN = ("layer", "scene")
"""Names of parameters that are not the user's: the layer whose activations they are, the scene."""

Function = Callable[..., FloatArray]


def plugin(
    axes: tuple[str, ...],
    *,
    draw: Draw = "map",
    signed: bool = False,
    value_range: tuple[float, float] | None = None,
    encoding: Encoding = "uint8",
    columns: Mapping[str, str | Column] | None = None,
    slow: bool = False,
) -> Callable[[Function], type[Plugin]]:
    """Make a plugin of a function, which is called for every layer whose activations suit it.

    The function's first parameter takes the layer's activations, (probe, unit, …) float32; what it
    returns has the axes. A parameter called ``layer`` or ``scene`` is given those; all others are
    the plugin's parameters, each with a type and a default. Its docstring is the plugin's help,
    its name the plugin's. Layers without maps are left out where it names places: where the axes
    have y and x, and where the function itself calls its first parameter ``maps``.

    Args:
        axes, draw, signed, value_range, encoding, columns: see `vizframe.Picture`.
        slow: see `vizframe.Plugin`.

    Raises:
        PluginError: the picture, or the function's signature, is not what it can be.
    """
    described = dict(columns or {})

    def make(function: Function) -> type[Plugin]:
        words = inspect.cleandoc(function.__doc__ or "")
        picture = Picture(
            axes=axes,
            draw=draw,
            signed=signed,
            value_range=value_range,
            encoding=encoding,
            columns=described,
            help=first_sentence(words),
        )
        made = create_model(
            function.__name__,
            __base__=_FunctionPlugin,
            __module__=function.__module__,
            __doc__=words or None,
            **_fields(function),
        )
        made.name, made.has_own_name = function.__name__, True
        made.makes, made.slow = (picture,), slow
        made.function = staticmethod(function)
        return made

    return make


class _FunctionPlugin(Plugin):
    """The base of all plugins that are made of functions."""

    function: ClassVar[Function]

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        """A frame of every layer that suits the function."""
        first, *others = inspect.signature(self.function).parameters
        needs_maps = "y" in self.makes[0].axes or first == "maps"
        for layer in scene.spatial_layers() if needs_maps else scene.layers:
            given: dict[str, object] = {"layer": layer, "scene": scene}
            options = {name: given.get(name, getattr(self, name, None)) for name in others}
            values = type(self).function(scene.activations(layer), **options)
            yield Frame(layer.name, _as_frame(values, self.name, layer))


def _as_frame(values: object, name: str, layer: Layer) -> FloatArray:
    found = np.asarray(values)
    if found.dtype.kind not in "fiub":
        raise PluginError(
            f"{name} returned {type(values).__name__} for {layer.name}; it can be an array of "
            "numbers"
        )
    return np.ascontiguousarray(found, np.float32)


def _fields(function: Function) -> dict[str, Any]:
    """The plugin's parameters, as pydantic takes them: (type, default or Field)."""
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        raise PluginError(
            f"{function.__name__} has no parameter; its first one takes a layer's activations"
        )
    hints = get_type_hints(function)
    fields: dict[str, Any] = {}
    for each in parameters[1:]:
        if each.name in GIVEN:
            continue
        if each.default is each.empty:
            raise PluginError(
                f"{function.__name__} has the parameter {each.name!r} without a default; give it "
                f"one, such as {each.name}: float = 1.0"
            )
        is_field = isinstance(each.default, FieldInfo)
        kind = hints.get(each.name, Any if is_field else type(each.default))
        fields[each.name] = (kind, each.default)
    return fields
