"""A job: one plugin in one recording, with its parameters, label, layers and schedule.

What a person writes, on the command line, in a file or in Python, becomes jobs here:

    "weights"                            the plugin, as it is
    "deep=gradient_ascent"               under the label `deep`, so that it can be there twice
    "my_plugins/", "loudness.py"         all plugins of a folder, or the one in a file
    "all"                                every plugin that is known
    Weights(), Weights                   an object, or a class, of one's own
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vizframe.errors import UnknownName, UsageError
from vizframe.network.layer import select
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.commas import split_commas
from vizframe.plugin.registry import Registry, plugin_files
from vizframe.plugin.validation import validate_plugin
from vizframe.recording.schedule import Schedule

USUAL = ("activation", "weights", "deconvolution", "saliency", "recurrent", "prediction")
"""What is recorded when nobody says, where the network has it to show: pictures of images, and of
sequences. Pictures that need many iterations are asked for by name."""

PluginLike = str | Plugin | type[Plugin]
Options = Mapping[str, Mapping[str, object]]

_OWN_OPTIONS = ("every", "layers")
"""The options of a job itself; all others are parameters of its plugin."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to record, and when.

    Attributes:
        label: names the series in the history; unique in a recording.
        plugin: with its parameters.
        schedule: when it is due; None for the recording's own.
        layers: glob patterns of layer names; None for the recording's own.
        is_usual: whether nobody asked for it by name: it is left out where it has nothing to show.
    """

    label: str
    plugin: Plugin
    schedule: Schedule | None = None
    layers: tuple[str, ...] | None = None
    is_usual: bool = False

    @property
    def is_slow(self) -> bool:
        """Whether the plugin takes many passes, as it says of itself."""
        return self.plugin.slow


def jobs(wanted: Iterable[PluginLike] | None = None, options: Options | None = None) -> list[Job]:
    """The jobs that are wanted (None: the usual ones), each with the options of its label.

    Raises:
        UsageError: a label comes twice, a path is no plugin, a parameter cannot be.
        UnknownName: a plugin, or the label of an option, is not known.
        PluginError: a plugin cannot be loaded.
    """
    items = list(USUAL if wanted is None else wanted)
    paths = [Path(item) for item in items if isinstance(item, str) and is_path(item)]
    registry = Registry.discover(paths)
    found = [pair for item in items for pair in _label_plugins(item, registry)]
    labels = [label for label, _ in found]
    for label in labels:
        if labels.count(label) > 1:
            raise UsageError(
                f"plugin {label!r} is there twice; give one of them a label: other={label}"
            )
    settings = options or {}
    for label in settings:
        if label not in labels and label in registry:
            raise UsageError(
                f"set is for plugin {label!r}, which is not recorded; name it: "
                f"--plugins {','.join([*labels, label])}"
            )
        if label not in labels:
            raise UnknownName("plugin", label, labels)
    by_name = {
        label for item in items if item != "all" for label, _ in _label_plugins(item, registry)
    }
    unasked = set(labels) if wanted is None else set(labels) - by_name - set(settings)
    return [
        replace(_job(label, plugin, settings.get(label, {})), is_usual=label in unasked)
        for label, plugin in found
    ]


def parse_option(text: str) -> tuple[str, str, object]:
    """The label, parameter and value of ``gradient_ascent.iterations=64``. The value is read as
    JSON where it is JSON, else as text.

    Raises:
        UsageError: it is not of this form.
    """
    name, equals, value = text.partition("=")
    label, dot, parameter = name.strip().partition(".")
    if not (equals and dot and label and parameter):
        raise UsageError(f"set is {text!r}; it can be PLUGIN.PARAMETER=VALUE")
    try:
        return label, parameter, json.loads(value)
    except json.JSONDecodeError:
        return label, parameter, value


def is_path(item: str) -> bool:
    """Whether a wanted plugin is named by its file or folder."""
    return os.sep in item or item.endswith(".py")


def _label_plugins(
    item: PluginLike, registry: Registry
) -> Iterator[tuple[str, Plugin | type[Plugin]]]:
    """The plugins that one wanted item means, each under its label."""
    if not isinstance(item, str):
        plugin = item if isinstance(item, Plugin) else validate_plugin(item)
        yield plugin.name, plugin
    elif item == "all":
        for name in registry:
            yield name, registry.load(name)
    elif is_path(item):
        for file in plugin_files(Path(item)):
            yield file.stem, registry.load(file.stem)
    else:
        label, equals, name = item.partition("=")
        yield label, registry.load(name if equals else label)


def _job(label: str, plugin: Plugin | type[Plugin], options: Mapping[str, object]) -> Job:
    parameters = {name: value for name, value in options.items() if name not in _OWN_OPTIONS}
    every = options.get("every")
    layers = options.get("layers")
    return Job(
        label,
        _configure(plugin, parameters),
        None if every is None else Schedule.of(_every(every)),
        None if layers is None else patterns(layers),
    )


def _configure(plugin: Plugin | type[Plugin], parameters: Mapping[str, object]) -> Plugin:
    if isinstance(plugin, type):
        return plugin.configured(parameters)
    if not parameters:
        return plugin
    given = {name: getattr(plugin, name) for name in type(plugin).model_fields}
    return type(plugin).configured({**given, **parameters})


def _every(value: object) -> int | float | str | Schedule:
    if isinstance(value, (int, float, str, Schedule)):
        return value
    raise UsageError(f"every is {value!r}; it can be a number or a text")


def patterns(layers: object) -> tuple[str, ...]:
    """Layer patterns, from a text with commas or a list of texts.

    >>> patterns("features.*, dense0")
    ('features.*', 'dense0')
    """
    texts = split_commas(layers) if isinstance(layers, str) else layers
    if isinstance(texts, Iterable):
        given = [text.strip() if isinstance(text, str) else text for text in texts]
        if all(isinstance(text, str) for text in given):
            return tuple(str(text) for text in given if text)
    raise UsageError(f"layers is {layers!r}; it can be layer names or patterns")


def in_turn(jobs: Iterable[Job]) -> list[Job]:
    """The jobs in the order in which they get their share of what may be spent.

    First come plugins without portions, last those that can make any number of units: they get what
    the others leave. Among the others, plugins of sequences come first: a network of images they
    refuse at once, and leave all of their share.
    """

    def turn(job: Job) -> tuple[bool, bool, bool]:
        grows = job.plugin.grows_with
        sees_maps = any("y" in picture.axes for picture in job.plugin.makes)
        return "units" in grows, bool(grows), sees_maps

    return sorted(jobs, key=turn)


def select_scene(job: Job, scene: Scene) -> Scene:
    """The scene with the job's own layers, sharing what was computed."""
    if job.layers is None:
        return scene
    return replace(scene, layers=select(scene.network.layers, job.layers))
