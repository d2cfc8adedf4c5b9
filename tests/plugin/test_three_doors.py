"""The example of a custom plugin, through every door that it can come in by."""

from __future__ import annotations

import runpy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.core import toy
from tests.core.toy import IMAGES, ToyModel
from vizframe.errors import PluginError
from vizframe.history import RunInfo, SeriesKey
from vizframe.history.memory import MemoryRun, MemoryWriter
from vizframe.network import adapter
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin
from vizframe.plugin.registry import Registry
from vizframe.recording.jobs import PluginLike
from vizframe.recording.recorder import Recorder

EXAMPLE = Path(__file__).parents[2] / "examples" / "contrast.py"
SITE = Path(__file__).parent / "site"
CONV0 = SeriesKey(label="contrast", layer="conv0")


@pytest.fixture(autouse=True)
def _toys_are_a_framework() -> Iterator[None]:
    with adapter.registered(ToyModel.__module__.partition(".")[0], toy.__name__):
        yield


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example as an installed package: its module, and what its installer wrote."""
    monkeypatch.syspath_prepend(SITE)
    monkeypatch.syspath_prepend(EXAMPLE.parent)
    monkeypatch.delitem(sys.modules, "contrast", raising=False)


def record_run(plugin: PluginLike) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """What the plugin made of the toy's first layer: one number per image and unit."""
    runs = []

    def open_writer(info: RunInfo, probe: Probe) -> MemoryWriter:
        runs.append(MemoryRun(info, probe))
        return runs[-1].writer()

    Recorder(ToyModel(), open_writer, plugins=[plugin], probe=IMAGES, strict=True).close()
    return runs[-1].history().tiles(CONV0, 0).values()


def expected() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The toy's units all answer with the image itself."""
    return np.repeat(IMAGES.std(axis=(2, 3)), 4, axis=1)


def test_the_example_is_under_30_lines() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 30


def test_a_loose_file_is_recorded() -> None:
    np.testing.assert_allclose(record_run(str(EXAMPLE)), expected(), atol=1e-6)


def test_a_plugin_of_an_installed_package_is_recorded(installed: None) -> None:
    assert Registry.discover().source("contrast") == "package contrast-pictures 1.2"
    np.testing.assert_allclose(record_run("contrast"), expected(), atol=1e-6)


def test_an_installed_plugin_is_found_without_being_imported(installed: None) -> None:
    assert "contrast" in Registry.discover()
    assert "contrast" not in sys.modules


def test_a_module_in_the_folder_of_built_in_plugins_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import vizframe.plugins

    shutil.copy(EXAMPLE, tmp_path)
    monkeypatch.setattr(vizframe.plugins, "__path__", [*vizframe.plugins.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "vizframe.plugins.contrast", raising=False)
    np.testing.assert_allclose(record_run("contrast"), expected(), atol=1e-6)


@pytest.mark.parametrize("configured", [False, True])
def test_a_class_or_an_object_is_recorded(configured: bool) -> None:
    contrast: type[Plugin] = runpy.run_path(str(EXAMPLE))["Contrast"]
    plugin = contrast.configured({"power": 2}) if configured else contrast
    power = 2 if configured else 1
    np.testing.assert_allclose(record_run(plugin), expected() ** power, atol=1e-6)


def test_the_same_plugin_through_two_doors_is_refused_naming_both(installed: None) -> None:
    with pytest.raises(PluginError) as raised:
        Registry.discover([EXAMPLE])
    assert "by package contrast-pictures 1.2 and by " in str(raised.value)
    assert str(EXAMPLE) in str(raised.value)
