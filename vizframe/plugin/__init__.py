"""What a plugin is; frames, columns, registry, parameters.

Import the nouns from here; the modules below are where each of them lives.
"""

from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.plugin import Plugin, Progress, Scene, ignore_progress

__all__ = ["Frame", "Picture", "Plugin", "Progress", "Scene", "ignore_progress"]
