"""vizframe: watch what the filters of a network learn while it trains.

    with vizframe.Recorder(net, "runs/lenet", every=100) as recorder:
        …
        recorder.step(loss=loss)

    history = vizframe.open("runs/lenet")

Names are known at import and loaded on first use, so that `import vizframe` costs nothing. After
it, ``import mxnet`` works beside NumPy 1.26, which MXNet 1.9.1 alone cannot.
"""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from vizframe.recording.import_hooks import around_import

if TYPE_CHECKING:
    from vizframe.errors import VizframeError as VizframeError
    from vizframe.history import History as History
    from vizframe.network import Network as Network
    from vizframe.network import Objective as Objective
    from vizframe.network.layer import Layer as Layer
    from vizframe.network.probe import Normalization as Normalization
    from vizframe.network.probe import Probe as Probe
    from vizframe.plugin import Column as Column
    from vizframe.plugin import Field as Field
    from vizframe.plugin import Plugin as Plugin
    from vizframe.plugin import Scene as Scene
    from vizframe.plugin.frame import Frame as Frame
    from vizframe.plugin.frame import Picture as Picture
    from vizframe.reading.run import open as open
    from vizframe.recording.recorder import Recorder as Recorder

_HOMES = {
    "Column": "plugin",
    "Field": "plugin",
    "Frame": "plugin",
    "History": "history",
    "Layer": "network",
    "Network": "network",
    "Normalization": "network",
    "Objective": "network",
    "Picture": "plugin",
    "Plugin": "plugin",
    "Probe": "network",
    "Recorder": "recording.recorder",
    "Scene": "plugin",
    "VizframeError": "errors",
    "open": "reading.run",
}

__all__ = [
    "Column",
    "Field",
    "Frame",
    "History",
    "Layer",
    "Network",
    "Normalization",
    "Objective",
    "Picture",
    "Plugin",
    "Probe",
    "Recorder",
    "Scene",
    "VizframeError",
    "open",
]


def _mxnet_importable() -> AbstractContextManager[None]:
    from vizframe.gluon.aliases import importable

    return importable()


around_import("mxnet", _mxnet_importable)


if not TYPE_CHECKING:  # or a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'vizframe' has no attribute {name!r}")
        value: object = getattr(importlib.import_module(f"vizframe.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
