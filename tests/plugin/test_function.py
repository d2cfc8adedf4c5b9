"""A plugin that is one function: from its lines to a series in a history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.core.toy import IMAGES, ToyModel
from vizframe.arrays import FloatArray
from vizframe.errors import PluginError, UsageError
from vizframe.history import RunInfo, SeriesKey
from vizframe.history.memory import MemoryRun, MemoryWriter
from vizframe.network import Layer, Probe
from vizframe.plugin import Field, Plugin, plugin
from vizframe.plugin.registry import Registry
from vizframe.recording.recorder import Recorder
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import PluginContract, scene_of

FIVE_LINES = '''from vizframe.plugin import plugin
@plugin(axes=("probe", "unit"), draw="bar")
def spread(maps):
    """How far each unit's activation varies over the places of each image."""
    return maps.std(axis=(2, 3))
'''


@plugin(axes=("probe", "unit"), draw="bar")
def contrast(
    maps: FloatArray, power: float = Field(1.0, gt=0, description="Exponent.")
) -> FloatArray:
    """How much each unit's activation varies over the places of each probe image."""
    return np.asarray(np.nan_to_num(maps, posinf=0, neginf=0).std(axis=(2, 3)) ** power)


class TestContrast(PluginContract):
    plugin = contrast


def test_five_lines_are_a_plugin_that_is_recorded_stored_and_shown(
    tmp_path: Path, toys_are_a_framework: None
) -> None:
    assert len(FIVE_LINES.splitlines()) == 5
    (tmp_path / "spread.py").write_text(FIVE_LINES)
    runs: list[MemoryRun] = []

    def open_writer(info: RunInfo, probe: Probe) -> MemoryWriter:
        runs.append(MemoryRun(info, probe))
        return runs[-1].writer()

    chosen = [str(tmp_path / "spread.py")]
    Recorder(ToyModel(), open_writer, plugins=chosen, probe=IMAGES, strict=True).close()
    tiles = runs[0].history().tiles(SeriesKey(label="spread", layer="conv0"), 0)
    np.testing.assert_allclose(tiles.values(), np.repeat(IMAGES.std((2, 3)), 4, 1), atol=1e-6)


def test_its_docstring_and_parameters_are_the_plugin_s() -> None:
    assert contrast.name == "contrast"
    assert contrast.makes[0].help.startswith("How much each unit's activation varies")
    with pytest.raises(UsageError, match="contrast: power is -1; it can be more than 0"):
        contrast.configured({"power": -1})


def test_it_is_given_the_layer_and_the_scene_where_it_asks() -> None:
    seen: list[tuple[str, int]] = []

    @plugin(axes=("unit",), draw="bar")
    def means(values: FloatArray, layer: Layer, scene: object) -> FloatArray:
        """The mean of each unit."""
        seen.append((layer.name, values.ndim))
        return np.asarray(values.mean(axis=(0, *range(2, values.ndim))))

    frames = list(means().visualize(scene_of(ordinary())))
    assert [frame.layer for frame in frames] == [name for name, _ in seen]
    assert {ndim for _, ndim in seen} == {2, 4}  # layers without maps, too


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def f(): 'x'", "f has no parameter; its first one takes a layer's activations"),
        ("def f(maps, power): 'x'", "the parameter 'power' without a default; give it one"),
    ],
)
def test_a_signature_that_cannot_be_is_one_sentence(source: str, sentence: str) -> None:
    names: dict[str, object] = {"plugin": plugin}
    with pytest.raises(PluginError) as raised:
        exec(f"@plugin(axes=('unit',), draw='bar')\n{source}", names)
    assert sentence in str(raised.value)


def test_what_is_no_array_of_numbers_is_one_sentence() -> None:
    @plugin(axes=("unit",), draw="bar")
    def words(values: FloatArray) -> FloatArray:
        """Nothing that can be drawn."""
        return np.array(["a"])

    with pytest.raises(PluginError, match="words returned ndarray for conv0; it can be an array"):
        list(words().visualize(scene_of(ordinary())))


def test_a_function_in_a_file_goes_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(FIVE_LINES)
    with pytest.raises(PluginError, match="calls itself 'spread'; give both the same name"):
        Registry.discover([tmp_path]).load("other")


def test_a_class_without_a_name_goes_by_its_file_s(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(
        "from vizframe import Frame, Picture, Plugin\n"
        "from typing import ClassVar\n"
        "class Anything(Plugin):\n"
        "    '''What it makes.'''\n"
        "    makes: ClassVar = Picture(axes=('unit',), draw='bar', help='x')\n"
        "    def visualize(self, scene):\n"
        "        yield Frame('a', 1)\n"
    )
    loaded: type[Plugin] = Registry.discover([tmp_path]).load("loud")
    assert (loaded.name, len(loaded.makes)) == ("loud", 1)
