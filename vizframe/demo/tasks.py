"""What the demo can train: what is recorded of each task, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PLUGINS = (
    "activation",
    "gradient_ascent",
    "class_visualization",
    "deconvolution",
    "weights",
    "saliency",
)

OPTIONS: dict[str, dict[str, object]] = {
    "gradient_ascent": {"iterations": 10, "rate": 32},
    "class_visualization": {"iterations": 10, "rate": 32},
    "deconvolution": {"top": 1},
    "saliency": {"methods": ["gradient", "gradient_input", "guided", "grad_cam", "hires_cam"]},
}
"""Where the demo asks for less than a plugin gives, so that recording takes no longer than
training: ten long steps uphill show what ninety short ones do, a little rougher. HiResCAM is there
beside Grad-CAM, whose maps are often empty before a dense layer that reads maps, as here."""

SLOWER = ("gradient_ascent", "class_visualization")
"""What the demo makes at every second recorded step only, for the same reason."""

TEXT_PLUGINS = ("recurrent", "prediction")
"""What a text shows: every cell and gate over it, and what is predicted after each character."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to learn.

    Attributes:
        plugins: what is recorded of it.
        options: parameters of plugins.
        slower: the plugins of every second recorded step only.
    """

    plugins: Sequence[str]
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    slower: Sequence[str] = ()


TASKS = {
    "digits": Task(PLUGINS, OPTIONS, SLOWER),
    "text": Task(TEXT_PLUGINS),
}
