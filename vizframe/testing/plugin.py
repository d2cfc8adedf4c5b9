"""The contract tests of a plugin: is it what it declares, and does it survive what networks can be?

    class TestMine(PluginContract):
        plugin = MyPlugin
        options = {"iterations": 3}         # what makes it quick; may be left out

It runs on the reference network, without any framework: ordinary ones, a dead filter, NaN and
infinite weights, one unit, seven channels, maps of one place, no convolution at all, constant
inputs, no layers.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from vizframe.errors import UsageError
from vizframe.history.encoding import encode_frame
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame
from vizframe.plugin.validation import validate_plugin
from vizframe.recording.declare import checked_frames, declaration
from vizframe.testing.networks import BROKEN, NETWORKS, constant_probe, ordinary, probe_for
from vizframe.testing.reference import ReferenceNetwork

Schema = Mapping[str, Any]


class PluginContract:
    """Subclass it with `plugin`, and pytest runs the tests."""

    plugin: ClassVar[type[Plugin]]
    options: ClassVar[Mapping[str, object]] = {}

    def make_plugin(self) -> Plugin:
        """The plugin under test."""
        return self.plugin.configured(self.options)

    def frames(self, scene: Scene) -> list[Frame]:
        """What it makes of a scene; a warning is a failure."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return list(checked_frames(self.make_plugin(), scene))

    # What it says of itself

    def test_it_declares_name_help_and_what_it_makes(self) -> None:
        assert validate_plugin(self.plugin) is self.plugin
        assert all(picture.help.strip() for picture in self.plugin.makes)
        for picture in self.plugin.makes:
            assert len(set(picture.axes)) == len(picture.axes)

    def test_every_parameter_has_a_sentence_and_a_default(self) -> None:
        for name, schema in _parameters(self.plugin).items():
            assert str(schema.get("description", "")).strip(), f"{name} has no description"
        self.plugin.configured({})

    def test_an_unknown_parameter_is_refused_in_one_sentence(self) -> None:
        sentence = _refusal(self.plugin, {"no_such_parameter": 1})
        assert sentence.startswith(f"{self.plugin.name} has no parameter 'no_such_parameter'; ")

    def test_values_beyond_a_parameter_s_limits_are_refused_in_one_sentence(self) -> None:
        for name, schema in _parameters(self.plugin).items():
            for value in _beyond(schema):
                assert name in _refusal(self.plugin, {name: value})

    def test_nonsense_for_a_parameter_is_refused_in_one_sentence(self) -> None:
        for name in _parameters(self.plugin):
            assert name in _refusal(self.plugin, {name: object()})

    # What it makes

    @pytest.mark.parametrize("network", NETWORKS)
    def test_frames_are_what_it_declares(self, network: str) -> None:
        scene = scene_of(NETWORKS[network]())
        for frame in self.frames(scene):
            assert_declared(self.make_plugin(), frame, scene)

    @pytest.mark.parametrize("network", [name for name in NETWORKS if name not in BROKEN])
    def test_a_sound_network_gives_numbers(self, network: str) -> None:
        for frame in self.frames(scene_of(NETWORKS[network]())):
            assert np.isfinite(frame.values).all(), f"{frame.part} of {frame.layer} is not finite"

    @pytest.mark.parametrize("value", [0.0, 0.5])
    @pytest.mark.parametrize("network", ["ordinary", "dead", "tiny_maps", "flat"])
    def test_constant_inputs_give_numbers(self, network: str, value: float) -> None:
        built = NETWORKS[network]()
        scene = scene_of(built, constant_probe(built, value))
        for frame in self.frames(scene):
            assert_declared(self.make_plugin(), frame, scene)
            assert np.isfinite(frame.values).all(), f"{frame.part} of {frame.layer} is not finite"

    def test_a_probe_of_one_image_is_enough(self) -> None:
        network = ordinary()
        scene = scene_of(network, Probe(probe_for(network, count=1).images))
        for frame in self.frames(scene):
            assert_declared(self.make_plugin(), frame, scene)

    def test_no_layers_are_no_error(self) -> None:
        network = ordinary()
        scene = Scene(network, (), probe_for(network))
        for frame in self.frames(scene):
            assert_declared(self.make_plugin(), frame, scene)

    def test_each_series_is_made_once_a_step(self) -> None:
        keys = [(frame.layer, frame.part) for frame in self.frames(scene_of(ordinary()))]
        assert keys
        assert len(set(keys)) == len(keys)

    def test_the_same_seed_gives_the_same_frames_bit_by_bit(self) -> None:
        first, second = (self.frames(scene_of(ordinary(), seed=3)) for _ in range(2))
        assert_same(first, second)

    def test_a_network_that_stands_still_gives_the_same_series_at_every_step(self) -> None:
        network, plugin = ordinary(), self.make_plugin()
        first, second = (
            [
                (frame.layer, frame.part, frame.values.shape, sorted(frame.columns))
                for frame in plugin.visualize(scene_of(network, step=step))
            ]
            for step in (0, 10)
        )
        assert first == second

    def test_nothing_is_changed(self) -> None:
        network = ordinary()
        probe = probe_for(network)
        before = {layer.name: network.weights(layer.name) for layer in network.layers}
        scene = scene_of(network, probe)
        known = scene.activations(network.layers[0]).copy()
        random = _numpys_state()
        self.frames(scene)
        for name, parameters in before.items():
            for key, values in network.weights(name).items():
                assert np.array_equal(values, parameters[key])
        assert np.array_equal(scene.activations(network.layers[0]), known)
        assert _numpys_state() == random


def scene_of(
    network: ReferenceNetwork, probe: Probe | None = None, *, step: int = 0, seed: int = 0
) -> Scene:
    """A scene with all of the network's layers, maps and vectors."""
    layers = select(network.layers, ["*"])
    return Scene(network, layers, probe or probe_for(network), step=step, seed=seed)


def assert_declared(plugin: Plugin, frame: Frame, scene: Scene) -> None:
    """See that a history would take the frame, and that it is of the network."""
    scene.network.layer(frame.layer)
    declared = declaration(plugin.name, plugin, frame, scene.seed)
    encode_frame(declared, frame)
    assert frame.values.dtype in (np.float32, np.uint8)
    for name, column in frame.columns.items():
        assert column.dtype == np.float32, f"the column {name} is {column.dtype}"
        assert declared.column_help.get(name), f"the column {name} lacks a sentence in the Picture"
    if declared.value_range is not None and frame.values.dtype == np.float32:
        low, high = declared.value_range
        finite = frame.values[np.isfinite(frame.values)]
        assert (finite >= low).all()
        assert (finite <= high).all()
    for note in frame.notes:
        assert note.strip()
        assert "\n" not in note
        assert not note[0].islower(), f"the note {note!r} begins with a small letter"


def assert_same(first: Sequence[Frame], second: Sequence[Frame]) -> None:
    """Bit by bit, NaN being itself."""
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert (one.layer, one.part, one.notes) == (other.layer, other.part, other.notes)
        assert one.values.tobytes() == other.values.tobytes()
        assert list(one.columns) == list(other.columns)
        for name, column in one.columns.items():
            assert column.tobytes() == other.columns[name].tobytes()


def _numpys_state() -> str:
    """Of the global generator, which a training may draw from."""
    return repr(np.random.get_state(legacy=False))


def _parameters(plugin: type[Plugin]) -> Mapping[str, Schema]:
    properties: Mapping[str, Schema] = plugin.model_json_schema().get("properties", {})
    return properties


def _beyond(schema: Schema) -> Iterator[float]:
    """Numbers just past each limit of a parameter, and what is no number."""
    for each in schema.get("anyOf", [schema]):
        if "minimum" in each:
            yield each["minimum"] - 1
        if "exclusiveMinimum" in each:
            yield each["exclusiveMinimum"]
        if "maximum" in each:
            yield each["maximum"] + 1
        if "exclusiveMaximum" in each:
            yield each["exclusiveMaximum"]
        if each.get("type") == "number" and ({"minimum", "exclusiveMinimum"} & set(each)):
            yield -math.inf


def _refusal(plugin: type[Plugin], options: Mapping[str, object]) -> str:
    """The sentence with which the options are refused."""
    with pytest.raises(UsageError) as refused:
        plugin.configured(options)
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence
