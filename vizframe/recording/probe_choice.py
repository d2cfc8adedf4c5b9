"""Which images a recording is asked about: those that were given, those of a folder, or the first
of the batch that is trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vizframe.network import FloatArray
from vizframe.network.adapter import Batch
from vizframe.network.probe import Probe, probe_of
from vizframe.network.probe_images import probe_from
from vizframe.recording.config import Config

ToArray = Callable[[object], FloatArray]


def given_probe(chosen: Config, to_array: ToArray) -> Probe | None:
    """The probe that needs no batch to be known; None where the images are a folder's or a
    batch's.

    Args:
        to_array: makes float32 of an array of the framework, or of a list of these.

    Raises:
        UsageError: it is not what a probe can be.
    """
    if chosen.probe is None or isinstance(chosen.probe, (str, Path)):
        return None
    if isinstance(chosen.probe, Probe):
        return chosen.probe
    return probe_of(to_array(chosen.probe))


def probe_of_batch(batch: Batch, chosen: Config) -> Probe:
    """The folder's images in the size and range of the batch, or the first images of the batch
    with their labels.

    Raises:
        UsageError: the folder has no image, or the network takes none.
    """
    count = chosen.probe_images
    first = probe_of(batch.inputs[:count])
    call = batch.call.given(chosen.others)
    if chosen.probe is not None:
        shape = batch.inputs.shape[1:]
        found = probe_from(Path(chosen.probe), shape, first.normalization, count)
        return replace(found, call=call)
    labels = None if batch.labels is None else batch.labels[:count]
    return replace(first, labels=labels, call=call)
