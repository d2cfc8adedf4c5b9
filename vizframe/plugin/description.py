"""A plugin in words: what it makes, and each parameter's type, limits, default and sentence.

Read from the JSON schema that pydantic makes of the plugin's fields, which is also what a history
keeps, so that the parameters of a run can be explained without its plugins.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from vizframe.errors import PluginError
from vizframe.plugin.base import Plugin
from vizframe.plugin.frame import Picture
from vizframe.plugin.registry import Registry

Schema = Mapping[str, object]

_BOUNDS = (
    ("exclusiveMinimum", ">"),
    ("minimum", "≥"),
    ("exclusiveMaximum", "<"),
    ("maximum", "≤"),
    ("minLength", "length ≥"),
    ("maxLength", "length ≤"),
    ("multipleOf", "a multiple of"),
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a plugin.

    Attributes:
        name: what a user writes, as in ``--set plugin.name=value``.
        type: in JSON's words: ``number``, ``integer``, ``string``, …; alternatives with ``or``.
        default: as JSON; empty where a value must be given.
        limits: in words, such as ``> 0, ≤ 4`` or ``'sgd', 'adam'``; empty where there are none.
        help: its sentence.
    """

    name: str
    type: str
    default: str
    limits: str
    help: str


@dataclass(frozen=True, slots=True)
class Description:
    """All that can be said of a plugin without running it.

    Attributes:
        name: what a user writes.
        source: where it comes from: ``vizframe``, a package and its version, a path.
        help: its docstring.
        fault: why it cannot be loaded; None where it can. Then all that follows is empty.
    """

    name: str
    source: str
    help: str = ""
    version: int = 0
    makes: tuple[Picture, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    fault: str | None = None


def describe(registry: Registry, name: str) -> Description:
    """The plugin of this name, or why it cannot be loaded. Raises UnknownName."""
    source = registry.source(name)
    try:
        plugin = registry.load(name)
    except PluginError as error:
        return Description(name, source, fault=str(error))
    return Description(
        name=name,
        source=source,
        help=inspect.cleandoc(plugin.__doc__ or ""),
        version=plugin.version,
        makes=plugin.makes,
        parameters=parameters(plugin),
    )


def parameters(plugin: type[Plugin]) -> tuple[Parameter, ...]:
    """All parameters of the plugin, in the order it declares them."""
    schema = plugin.model_json_schema()
    definitions = cast(Mapping[str, Schema], schema.get("$defs", {}))
    properties = cast(Mapping[str, Schema], schema.get("properties", {}))
    return tuple(_parameter(name, each, definitions) for name, each in properties.items())


def _parameter(name: str, schema: Schema, definitions: Mapping[str, Schema]) -> Parameter:
    kinds = list(_alternatives(schema, definitions))
    limits = dict.fromkeys(text for kind in kinds for text in _limits(kind))
    return Parameter(
        name=name,
        type=" or ".join(dict.fromkeys(str(kind.get("type", "any")) for kind in kinds)),
        default=json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else "",
        limits=", ".join(limits),
        help=str(schema.get("description", "")),
    )


def _alternatives(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """The schema itself, or each that ``anyOf`` or ``$ref`` names."""
    if "$ref" in schema:
        yield from _alternatives(
            definitions[str(schema["$ref"]).removeprefix("#/$defs/")], definitions
        )
    elif "anyOf" in schema:
        for each in cast(list[Schema], schema["anyOf"]):
            yield from _alternatives(each, definitions)
    else:
        yield schema


def _limits(schema: Schema) -> Iterator[str]:
    for keyword, sign in _BOUNDS:
        if keyword in schema:
            yield f"{sign} {_plain(schema[keyword])}"
    choices = cast(list[object], schema.get("enum", [schema["const"]] if "const" in schema else []))
    yield from (repr(choice) for choice in choices)
    if isinstance(items := schema.get("items"), dict):
        yield from _limits(items)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
