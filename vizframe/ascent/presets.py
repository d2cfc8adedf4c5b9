"""The published recipes, by name.

``yosinski-1`` … ``yosinski-4`` are the rows of Table 1 of Yosinski et al. 2015, *Understanding
Neural Networks Through Deep Visualization*; ``simonyan`` is the objective of Simonyan et al. 2013
with the numbers of a published student run on AlexNet; ``lucid`` is the default of lucid and
lucent (Olah et al. 2017, *Feature Visualization*), ``fourier`` the same without its colours, for
any number of channels.

This project's own are ``quick``, for watching a training, and ``clear``, for pictures of whole
objects: what survives small movements and is worth its ink. Adam's steps are of the same length
whatever a network's gradients are, so both suit any network, trained or not.
"""

from __future__ import annotations

from collections.abc import Mapping

from vizframe.ascent.recipe import Recipe
from vizframe.errors import UnknownName

PRESETS: Mapping[str, Recipe] = {
    "quick": Recipe(48, "adam", rate=12.0, sparsity=2.5, blur=0.7),
    "clear": Recipe(160, "adam", rate=8.0, sparsity=3.0, blur=0.5, moves=True),
    "yosinski-1": Recipe(500, "progress", rate=100.0, blur=0.5, small_norm=50.0),
    "yosinski-2": Recipe(750, "rate", rate=100.0, decay=0.3, small_norm=20.0),
    "yosinski-3": Recipe(1000, "rate", rate=100.0, decay=0.0001, blur=1.0),
    "yosinski-4": Recipe(1000, "progress", rate=1e8, blur=0.5, small_contribution=90.0),
    "simonyan": Recipe(5000, "rate", rate=25.0, l2=0.0001, start_sd=0.0, clipped=False),
    "lucid": Recipe(512, "adam", rate=0.05, start_sd=0.01, space="colour", moves=True),
    "fourier": Recipe(512, "adam", rate=0.05, start_sd=0.01, space="fourier", moves=True),
}


def preset(name: str) -> Recipe:
    """The recipe of that name. Raises UnknownName with the nearest names."""
    if name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    return PRESETS[name]
