"""How much is asked at once: what a device has room for, and what makes it quicker."""

from __future__ import annotations

from typing import Any

import torch

from vizframe.graph.settings import GIBIBYTE

_MOST = {"cpu": 64}
"""Larger batches of receptive fields fall out of a processor's cache and gain nothing."""

_MOST_ON_A_DEVICE = 1024

_SHARE = 0.125
"""The share of a device's free memory that a question may take; a training beside it may want the
rest."""


def most_at_once(device: Any) -> int:
    """How many images a batch has at most."""
    return _MOST.get(device.type, _MOST_ON_A_DEVICE)


def usual_memory(device: Any) -> int:
    """Bytes that a question may take, where no limit is given: 1 GiB, or more on a device with much
    free memory."""
    if device.type != "cuda":
        return GIBIBYTE
    free, _ = torch.cuda.mem_get_info(device)
    return max(GIBIBYTE, int(free * _SHARE))
