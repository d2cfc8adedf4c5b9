"""What a plugin is; frames, columns, registry, parameters.

Import the nouns from here; the modules below are where each of them lives.
"""

from vizframe.plugin.base import Plugin, Progress, Scene, ignore_progress
from vizframe.plugin.frame import Frame, Picture

__all__ = ["Frame", "Picture", "Plugin", "Progress", "Scene", "ignore_progress"]
