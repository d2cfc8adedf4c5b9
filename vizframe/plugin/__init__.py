"""What a plugin is; frames, columns, registry, parameters.

Import the nouns from here; the modules below are where each of them lives.
"""

from pydantic import Field, PrivateAttr

from vizframe.plugin.base import Growth, Plugin, Progress, Scene, ignore_progress
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.function import plugin

__all__ = [
    "Column",
    "Field",
    "Frame",
    "Growth",
    "Picture",
    "Plugin",
    "PrivateAttr",
    "Progress",
    "Scene",
    "ignore_progress",
    "plugin",
]
