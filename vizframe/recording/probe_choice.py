"""The choice of a probe: images or texts that were given, those of a file or folder, or the first
of the batch that is trained on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vizframe.errors import UsageError
from vizframe.network import FloatArray
from vizframe.network.adapter import Batch
from vizframe.network.probe import Probe, probe_of
from vizframe.network.probe_images import probe_from
from vizframe.recording.config import Config
from vizframe.recording.text_probe import is_text, text_probe, vocabulary_of

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


_FLAT_IMAGES: dict[int, tuple[int, ...]] = {784: (1, 28, 28), 3072: (3, 32, 32)}
"""The image that so many numbers usually are: one of MNIST's digits, of CIFAR's photographs."""


def unflattened(batch: Batch, shape: tuple[int, ...] | None) -> Batch:
    """A batch of rows as images, where their shape is given or usual; any other as it is.

    Raises:
        UsageError: the shape that was given is not that of the rows.
    """
    numbers = batch.inputs.shape[1] if batch.inputs.ndim == 2 else 0
    wanted: tuple[int, ...] = shape or _FLAT_IMAGES.get(numbers, ())
    if not numbers or len(wanted) != 3:
        return batch
    if math.prod(wanted) != numbers:
        told = ",".join(map(str, wanted))
        raise UsageError(f"shape is {told}; it can be one whose sizes multiply to {numbers}")
    inputs = batch.inputs.reshape(-1, *wanted)
    return replace(batch, inputs=inputs, call=replace(batch.call, is_flat=True))


def flattened(probe: Probe) -> Probe:
    """The probe as rows again."""
    rows = probe.images.reshape(len(probe), -1)
    return replace(probe, images=rows, call=replace(probe.call, is_flat=False))


def probe_of_batch(batch: Batch, chosen: Config) -> Probe:
    """The folder's images in the size and range of the batch, its texts in the numbers of the
    vocabulary, or the first images of the batch with their labels.

    Raises:
        UsageError: the folder has no image or text, or the network takes none.
    """
    count = chosen.probe_images
    first = probe_of(batch.inputs[:count])
    call = batch.call.given(chosen.others)
    if chosen.probe is not None:
        shape, path = batch.inputs.shape[1:], Path(chosen.probe)
        if is_text(path):
            text = text_probe(path, batch, vocabulary_of(chosen.vocab), count)
            return replace(text, call=call)
        found = probe_from(path, shape, first.normalization, count)
        return replace(found, call=call)
    labels = None if batch.labels is None else batch.labels[:count]
    return replace(first, labels=labels, call=call)
