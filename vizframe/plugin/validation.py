"""What can be known of a plugin before it runs, and what can be wrong with it: a sentence each.

Some mistakes would otherwise be met at the first recording, hours into a training: a method that
yields nothing, an assignment to a frozen object. They stand in the method's bytecode, so that they
are found without running it.
"""

from __future__ import annotations

import dis
import inspect
import itertools
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType

from vizframe.errors import PluginError
from vizframe.plugin.base import Plugin
from vizframe.plugin.frame import Picture

RESERVED = ("every", "layers")
"""Options that a recording takes for itself, of every plugin."""


def validate_plugin(plugin: object) -> type[Plugin]:
    """The plugin, after all that can be known of it before it runs has been checked.

    Raises:
        PluginError: the sentence says what is missing and how to cure it.
    """
    if not (isinstance(plugin, type) and issubclass(plugin, Plugin)):
        raise PluginError(f"it gives {plugin!r}; it can give a subclass of vizframe.Plugin")
    for fault in _faults(plugin):
        raise PluginError(f"{plugin.__name__} {fault}")
    plugin.model_json_schema()  # raises where pydantic cannot declare a parameter
    return plugin


def _faults(plugin: type[Plugin]) -> Iterator[str]:
    name: object = plugin.name
    if not isinstance(name, str):
        yield f"has the name {name!r}; it can be a text"
    if getattr(plugin, "__abstractmethods__", None):
        yield "has no method visualize(self, scene)"
    has_docstrings = sys.flags.optimize < 2  # `python -OO` leaves out all there are
    if has_docstrings and not plugin.__dict__.get("__doc__"):
        yield "has no docstring; it is the plugin's help"
    yield from _faults_of_pictures(getattr(plugin, "makes", ()))
    for name in RESERVED:
        if name in plugin.model_fields:
            yield f"has a parameter {name!r}, which every recording has; give it another name"
    yield from _faults_of_visualize(plugin.visualize)
    yield from _assignments(plugin)


def _faults_of_pictures(makes: object) -> Iterator[str]:
    if not isinstance(makes, (tuple, list)) or not makes:
        yield "makes nothing; give it makes: ClassVar = Picture(…), or several in a tuple"
        return
    for each in makes:
        if not isinstance(each, Picture):
            yield f"makes {each!r}; it can be a Picture, or several in a tuple"
            return
    parts = [each.part for each in makes]
    if len(set(parts)) != len(parts):
        yield "makes two pictures of one part; tell them apart by Picture(part=…)"


def _faults_of_visualize(method: object) -> Iterator[str]:
    """A method that is no generator can still return frames; one that does neither cannot."""
    if not isinstance(method, FunctionType):
        return
    if len(inspect.signature(method).parameters) != 2:
        yield f"has visualize{inspect.signature(method)}; it can be visualize(self, scene)"
    if not inspect.isgeneratorfunction(method) and not _returns_something(method.__code__):
        yield "yields nothing in visualize; it can yield Frame(layer.name, values)"


def _returns_something(code: CodeType) -> bool:
    steps = list(dis.get_instructions(code))
    for before, step in zip([None, *steps], steps, strict=False):
        if step.opname == "RETURN_VALUE":
            is_none = before is not None and before.opname == "LOAD_CONST" and before.argval is None
            if not is_none:
                return True
        if step.opname == "RETURN_CONST" and step.argval is not None:
            return True
    raises = any(step.opname == "RAISE_VARARGS" for step in steps)
    return raises and len(steps) < _ONLY_RAISES


_ONLY_RAISES = 12
"""Instructions of a method that does nothing but raise: it may be meant to."""


def _assignments(plugin: type[Plugin]) -> Iterator[str]:
    """Of a frozen object only private attributes can be set; pydantic says so only when it is."""
    written = plugin.__mro__[: plugin.__mro__.index(Plugin)]
    for name, method in (pair for each in written for pair in vars(each).items()):
        if not isinstance(method, FunctionType) or not method.__code__.co_argcount:
            continue
        own = method.__code__.co_varnames[0]
        steps = list(dis.get_instructions(method))
        for before, step in itertools.pairwise(steps):
            is_set = step.opname == "STORE_ATTR" and before.argval == own
            if is_set and step.argval not in plugin.__private_attributes__:
                kept = str(step.argval).lstrip("_")
                yield (
                    f"sets self.{step.argval} in {name}; a plugin is frozen, but for what is "
                    f"declared as _{kept}: … = PrivateAttr(…)"
                )
