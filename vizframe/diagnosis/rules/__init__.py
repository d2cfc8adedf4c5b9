"""The rules that come with vizframe, by what they look at."""

from __future__ import annotations

from vizframe.diagnosis.rule import Rule
from vizframe.diagnosis.rules.batches import BatchSize, Imbalance, Inputs, OneLabel, Unshuffled
from vizframe.diagnosis.rules.growth import ExplodingLoss, GradientsAddUp, HugeScores, HugeUpdates
from vizframe.diagnosis.rules.learning import Dropout, NotLearning, Oscillating, Overfit
from vizframe.diagnosis.rules.nonfinite import NonFinite
from vizframe.diagnosis.rules.outputs import (
    BoundedScores,
    Broadcast,
    FirstLoss,
    LabelsOutside,
    NormalizedScores,
    OneScore,
)
from vizframe.diagnosis.rules.signal import DeadUnits, Saturated, Vanishing
from vizframe.diagnosis.rules.weights import Collapse, Frozen, LeftOut, Symmetry

RULES: tuple[type[Rule], ...] = (
    NormalizedScores,
    BoundedScores,
    FirstLoss,
    OneScore,
    LabelsOutside,
    Broadcast,
    Inputs,
    OneLabel,
    Unshuffled,
    Imbalance,
    GradientsAddUp,
    Symmetry,
    LeftOut,
    Frozen,
    HugeScores,
    HugeUpdates,
    ExplodingLoss,
    NonFinite,
    Oscillating,
    Saturated,
    DeadUnits,
    Vanishing,
    Collapse,
    Dropout,
    Overfit,
    BatchSize,
    NotLearning,
)
"""In the order of causes: of two that begin at one step, the former brings about the latter."""
