"""What a plugin may ask of a model: layers, probe, adapters, loading, live.

Import the nouns from here; the modules below are where each of them lives.
"""

from vizframe.network.kinds import KINDS, Axis, Kind
from vizframe.network.layer import Layer, ReceptiveField, select
from vizframe.network.network import (
    Excitation,
    FloatArray,
    Gradient,
    LayerGradients,
    MayChange,
    Network,
    Objective,
    Place,
    Projections,
    ProjectsBack,
    ReluRule,
    Rests,
)
from vizframe.network.ops import AdamStep, DeviceArray, Ops
from vizframe.network.probe import Normalization, Probe

__all__ = [
    "KINDS",
    "AdamStep",
    "Axis",
    "DeviceArray",
    "Excitation",
    "FloatArray",
    "Gradient",
    "Kind",
    "Layer",
    "LayerGradients",
    "MayChange",
    "Network",
    "Normalization",
    "Objective",
    "Ops",
    "Place",
    "Probe",
    "Projections",
    "ProjectsBack",
    "ReceptiveField",
    "ReluRule",
    "Rests",
    "select",
]
