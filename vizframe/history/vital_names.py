"""The names under which a run's numbers keep what tells of learning rate and batch size."""

from __future__ import annotations

VITALS = {
    "update_ratio": "updates/ratio",
    "gradient_cosine": "gradients/cosine",
}
"""By the name in a finding's numbers, the name of the scalar; each has a group of its own, and so
a figure of its own on the Training page."""

LAYER_RATIO = "update_ratio/"
"""Before a layer's name: how long the last update of its weights was, as a share of them."""
