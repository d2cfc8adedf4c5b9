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

from vizframe.imports import around_import

if TYPE_CHECKING:
    from vizframe.errors import VizframeError as VizframeError
    from vizframe.frame import Frame as Frame
    from vizframe.frame import Picture as Picture
    from vizframe.history import History as History
    from vizframe.layer import Layer as Layer
    from vizframe.network import Network as Network
    from vizframe.network import Objective as Objective
    from vizframe.plugin import Plugin as Plugin
    from vizframe.plugin import Scene as Scene
    from vizframe.probe import Normalization as Normalization
    from vizframe.probe import Probe as Probe
    from vizframe.reading import open as open
    from vizframe.recorder import Recorder as Recorder

_HOMES = {
    "Frame": "frame",
    "History": "history",
    "Layer": "layer",
    "Network": "network",
    "Normalization": "probe",
    "Objective": "network",
    "Picture": "frame",
    "Plugin": "plugin",
    "Probe": "probe",
    "Recorder": "recorder",
    "Scene": "plugin",
    "VizframeError": "errors",
    "open": "reading",
}

__all__ = [
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
