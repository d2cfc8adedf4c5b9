"""Trainings as people write them, each of a few updates: what a recording must leave as it is."""

from __future__ import annotations

from tests.recording.trainings_by_loops import LOOPS
from tests.recording.trainings_of_nets import NETS

CASES = {**NETS, **LOOPS}
