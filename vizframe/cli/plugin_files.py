"""Plugins in files of one's own: a first one written, and one examined."""

from __future__ import annotations

import keyword
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from vizframe.errors import MissingExtra, UsageError

_NEW = '''"""{title}: vizframe record --plugins {name}.py -- train.py"""

from collections.abc import Iterator
from typing import ClassVar

from vizframe import Column, Field, Frame, Picture, Plugin, Scene


class {kind}(Plugin):
    """How strongly each unit responds to each probe image.

    The first sentence is shown in menus, all of it beside the pictures.
    """

    makes: ClassVar = Picture(
        axes=("probe", "unit"),
        draw="bar",
        help="The mean of the unit's activation.",
        columns={{"share": Column("The share of places where it is above 0.", role="strength")}},
    )

    power: float = Field(1.0, gt=0, le=4, description="Exponent of the mean.")

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.spatial_layers():
            maps = scene.activations(layer)  # (probe, unit, y, x), shared and so read-only
            share = (maps > 0).mean(axis=(2, 3), dtype="float32")
            mean = abs(maps).mean(axis=(2, 3)) ** self.power
            yield Frame(layer.name, mean, columns={{"share": share}})
'''

_CHECK = """
from pathlib import Path
from vizframe.plugin.registry import Registry
from vizframe.testing.plugin import PluginContract

class TestPlugin(PluginContract):
    plugin = Registry.discover([Path({file!r})]).load({name!r})
    options = {options!r}
"""


def write_new(name: str, folder: Path) -> Path:
    """Write a plugin that passes the contract tests, to begin from.

    Raises:
        UsageError: the name is none that Python can import, or the file is there already.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower():
        raise UsageError(
            f"name is {name!r}; it can be small letters, digits and _, such as loud_units"
        )
    path = folder / f"{name}.py"
    if path.exists():
        raise UsageError(f"name is {name!r}, and {path} is there already; it can be another name")
    words = name.replace("_", " ")
    kind = "".join(word.capitalize() for word in name.split("_"))
    path.write_text(_NEW.format(name=name, kind=kind, title=words.capitalize()))
    return path


def examine(file: Path, options: Mapping[str, object]) -> int:
    """Let the plugin of a file sit `vizframe.testing.PluginContract`; pytest's exit code.

    Args:
        options: its parameters during the tests, such as few iterations.

    Raises:
        MissingExtra: pytest is not installed.
        PluginError: the plugin cannot be loaded.
        UsageError: it is no Python file.
    """
    from vizframe.plugin.registry import Registry

    if find_spec("pytest") is None:
        raise MissingExtra("the check of a plugin", "testing")
    if file.is_dir() or not file.exists():
        raise UsageError(f"check is {str(file)!r}; it can be a Python file")
    Registry.discover([file]).load(file.stem)  # says in a sentence what cannot be loaded
    with tempfile.TemporaryDirectory() as folder:
        check = Path(folder) / f"test_{file.stem}.py"
        check.write_text(_CHECK.format(file=str(file.resolve()), name=file.stem, options=options))
        quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:dash", "--rootdir", folder]
        command = [sys.executable, "-P", "-m", "pytest", *quiet, "-c", "/dev/null", str(check)]
        return subprocess.run(command, check=False).returncode
