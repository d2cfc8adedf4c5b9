"""The control: the same picture of the same network, its weights shuffled.

What still looks like something there is made by the method, not by what the network learned
(Adebayo et al. 2018, *Sanity Checks for Saliency Maps*).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from vizframe.plugin.base import Scene

NOTE = "Control: the weights are shuffled, so this is what the method draws by itself"


@contextmanager
def scene_or_control(scene: Scene, *, control: bool) -> Iterator[Scene]:
    """The scene, or its control. The shuffle depends on the scene's seed, as all chance does."""
    if not control:
        yield scene
        return
    with scene.network.randomized(scene.seed) as network:
        yield replace(scene, network=network, cache={})
