"""Probes, as scripts import them: images or arrays that every recorded step is asked about."""

from vizframe.network.probe import Normalization, Probe, probe_of
from vizframe.network.probe_images import probe_from

__all__ = ["Normalization", "Probe", "probe_from", "probe_of"]
