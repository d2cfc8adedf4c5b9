"""The registry: three doors, found without an import, and what it says of broken ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vizframe.errors import PluginError, UnknownName, UsageError
from vizframe.plugin import Plugin
from vizframe.plugin.description import describe
from vizframe.plugin.registry import Offer, Registry
from vizframe.plugin.validation import validate_plugin

SOUND = """
from collections.abc import Iterator
from typing import ClassVar
from pydantic import Field
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin import Plugin, Scene

class Loudness(Plugin):
    '''How strongly each unit answers.

    More words.
    '''

    name: ClassVar[str] = "loudness"
    makes: ClassVar = (Picture(axes=("probe", "unit"), draw="bar", help="The mean."),)
    power: float = Field(1.0, gt=0, le=4, description="Exponent of the mean.")

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.layers:
            yield Frame(layer.name, scene.activations(layer).mean((2, 3)))
"""


def write_file(folder: Path, **sources: str) -> Path:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def fault(folder: Path, name: str) -> str:
    with pytest.raises(PluginError) as raised:
        Registry.discover([folder]).load(name)
    return str(raised.value)


def test_a_loose_file_is_found_without_being_imported(tmp_path: Path) -> None:
    folder = write_file(tmp_path, boom="raise SystemExit('imported')")
    assert "boom" in Registry.discover([folder])


def test_a_loose_file_is_loaded_under_its_name(tmp_path: Path) -> None:
    registry = Registry.discover([write_file(tmp_path, loudness=SOUND)])
    assert registry.load("loudness").name == "loudness"
    assert registry.source("loudness") == str(tmp_path / "loudness.py")


def test_one_file_can_be_named_instead_of_its_folder(tmp_path: Path) -> None:
    write_file(tmp_path, loudness=SOUND, other="")
    registry = Registry.discover([tmp_path / "loudness.py"])
    assert ("loudness" in registry, "other" in registry) == (True, False)


def test_a_folder_named_twice_offers_its_plugins_once(tmp_path: Path) -> None:
    folder = write_file(tmp_path, loudness=SOUND)
    assert "loudness" in Registry.discover([folder, folder / "loudness.py"])


def test_loading_twice_gives_the_same_class(tmp_path: Path) -> None:
    registry = Registry.discover([write_file(tmp_path, loudness=SOUND)])
    assert registry.load("loudness") is registry.load("loudness")


def test_private_files_of_a_folder_are_no_plugins(tmp_path: Path) -> None:
    assert "_shared" not in Registry.discover([write_file(tmp_path, _shared="")])


def test_two_plugins_of_one_name_are_refused_naming_both(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    write_file(here, loudness=SOUND)
    write_file(there, loudness=SOUND)
    with pytest.raises(PluginError) as raised:
        Registry.discover([here, there])
    assert str(raised.value) == (
        f"plugin 'loudness' is offered twice, by {here / 'loudness.py'} and by "
        f"{there / 'loudness.py'}; rename or remove one of them"
    )


def test_an_unknown_plugin_is_named_with_the_nearest_ones(tmp_path: Path) -> None:
    registry = Registry([Offer(name, "here", object) for name in ("weights", "saliency")])
    with pytest.raises(UnknownName) as raised:
        registry.load("wieghts")
    assert str(raised.value) == ("plugin 'wieghts' is not known; it can be 'weights', 'saliency'")


def test_a_path_that_is_no_plugin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it can be a folder or a Python file"):
        Registry.discover([tmp_path / "absent"])


def test_a_broken_plugin_says_its_name_source_and_reason(tmp_path: Path) -> None:
    write_file(tmp_path, broken="import a_package_that_is_not_there")
    assert fault(tmp_path, "broken") == (
        f"plugin 'broken' from {tmp_path / 'broken.py'} cannot be loaded: ModuleNotFoundError: "
        "No module named 'a_package_that_is_not_there'"
    )


def test_a_plugin_that_exits_does_not_take_the_program_with_it(tmp_path: Path) -> None:
    assert "SystemExit: 3" in fault(write_file(tmp_path, leaving="raise SystemExit(3)"), "leaving")


def test_a_failed_import_leaves_no_half_module(tmp_path: Path) -> None:
    fault(write_file(tmp_path, broken="1 / 0"), "broken")
    assert [name for name in sys.modules if name.endswith("_broken")] == []


def test_a_broken_plugin_does_not_stop_the_others(tmp_path: Path) -> None:
    registry = Registry.discover([write_file(tmp_path, broken="1 / 0", loudness=SOUND)])
    assert describe(registry, "broken").fault is not None
    assert describe(registry, "loudness").fault is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"loudness"', '"volume"', "calls itself 'volume'; give both the same name"),
        ("class Loudness(Plugin)", "class Loudness", "it has 0 Plugin classes (none)"),
        ("def visualize", "def draw", "Loudness has no method visualize"),
        (
            '"probe", "unit"), draw="bar"',
            '"unit",), draw="bar"), Picture(("unit",), draw="bar"',
            "two pictures of one part",
        ),
        ('name: ClassVar[str] = "loudness"', "name: ClassVar = 3", "has the name 3; it can be a"),
        ('"probe", "unit"), draw="bar"', '"unit")', "axes is 'unit', one text; it can be a tuple"),
        ('"probe", "unit")', '"units",)', "axes has 'units'; each can be 'unit'"),
        ('"probe", "unit")', '"unit", "unit")', "which has one name twice"),
        ('"probe", "unit")', '"unit", "y", "x")', "draw is 'bar', but axes has ['y', 'x']"),
        ('"probe", "unit")', '"y", "x", "unit")', "y, x and channel can only be the last ones"),
        ('"probe", "unit")', '"unit", "y")', "what is inside a tile can be y, x or y, x, channel"),
        (
            'draw="bar"',
            'draw="bars"',
            "draw is 'bars'; it can be 'image', 'map', 'matrix', 'bar', 'text'",
        ),
        ('draw="bar"', 'draw="map"', "draw is 'map', but axes has no y and x; it can be 'bar'"),
        ('"unit"), draw="bar"', '"time"), draw="map"', "it can be 'text' or 'sequence'"),
        ('"unit"), draw="bar"', '"time"), draw="sequence"', "has no unit; it can be 'text'"),
        ('draw="bar"', 'draw="text"', "axes is ('probe', 'unit'); it can be 'bar'"),
        ('"unit"), draw="bar"', '"head", "source"), draw="text"', "can be time or time, source"),
        ('"unit")', '"unit", "time", "y", "x")', "inside a tile can be y, x or time, not both"),
        ('"probe", "unit")', '"time",)', "which counts no tiles"),
        ('"probe", "unit")', '"quantile",)', "which counts no tiles"),
        ('"probe", "unit")', '"quantile", "unit")', "quantile can only be the last one"),
        ('"probe", "unit")', '"unit", "quantile")', "it can be 'distribution'"),
        ('draw="bar"', 'encoding="int8", draw="bar"', "encoding is 'int8'; it can be 'uint8'"),
        (
            'help="The mean."',
            "columns={'a': 3}",
            "column 'a' is 3; it can be a sentence or a Column",
        ),
        (
            "makes: ClassVar = (Picture(",
            "makes: ClassVar = (dict(",
            "it can be a Picture, or several",
        ),
        ("power: float", "every: float", "has a parameter 'every', which every recording has"),
        ("power: float", "layers: float", "has a parameter 'layers', which every recording has"),
        ("yield Frame(", "Frame(", "Loudness yields nothing in visualize; it can yield Frame("),
        ("self, scene: Scene", "self", "has visualize(self) -> collections.abc.Iterator"),
        ("for layer in scene", "self.seen = 1; [].sort()\n        for layer in scene", "_seen: …"),
        ("power: float", "power: object = print; other: Plugin", "cannot be loaded"),
    ],
)
def test_what_is_wrong_with_a_plugin_is_one_sentence(
    old: str, new: str, sentence: str, tmp_path: Path
) -> None:
    assert old in SOUND
    assert sentence in fault(write_file(tmp_path, loudness=SOUND.replace(old, new)), "loudness")


def test_a_class_that_is_no_plugin_is_refused() -> None:
    with pytest.raises(PluginError, match="it can give a subclass of"):
        validate_plugin(dict)


def test_a_description_has_the_limits_and_the_sentence_of_each_parameter(tmp_path: Path) -> None:
    described = describe(Registry.discover([write_file(tmp_path, loudness=SOUND)]), "loudness")
    assert described.help == "How strongly each unit answers.\n\nMore words."
    (power,) = described.parameters
    assert (power.type, power.default, power.limits) == ("number", "1.0", "> 0, ≤ 4")
    assert power.help == "Exponent of the mean."


@pytest.mark.parametrize("name", Registry.discover())
def test_every_plugin_that_ships_loads_and_explains_itself(name: str) -> None:
    plugin: type[Plugin] = Registry.discover().load(name)
    described = describe(Registry.discover(), name)
    assert plugin.name == name
    assert all(picture.help for picture in plugin.makes)
    assert [each.name for each in described.parameters if not each.help] == []
