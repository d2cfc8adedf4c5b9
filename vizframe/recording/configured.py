"""A recorder as a configuration asks for it: what `vizframe record` starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vizframe.errors import UsageError
from vizframe.network.adapter import Batch
from vizframe.network.probe import Probe, probe_of
from vizframe.network.probe_images import probe_from
from vizframe.network.worker import job_of_environment
from vizframe.recording.config import Config
from vizframe.recording.past import past_of
from vizframe.recording.ranks import came_late
from vizframe.recording.recorder import Recorder


def make_recorder(
    model: object, batch: Batch | None, path: Path, chosen: Config, start: int | None = None
) -> Recorder:
    """The recorder of this model, whose probe is chosen from the batch; a run that exists is
    resumed with its own.

    Args:
        batch: None where only a run that exists can go on.
        start: updates done before; None for what the run has, or none.

    Raises:
        UsageError: there is neither a batch nor a run, or what the recorder refuses.
    """
    rank = None if batch is None or batch.worker is None else batch.worker.rank
    past = past_of(path, rank)
    resumed = past.probe is not None
    if rank is not None and resumed and start is None and past.last_step is None:
        start = (past_of(path).last_step or 0) if came_late(path) else 0
    return Recorder(
        model,
        path,
        every=chosen.every,
        plugins=chosen.plugins,
        options=chosen.set,
        layers=chosen.layers,
        probe=None if resumed else _probe(batch, chosen),
        budget=chosen.budget,
        strict=chosen.strict,
        seed=chosen.seed,
        keep=chosen.keep,
        max_size=chosen.max_size,
        durable=chosen.durable,
        memory=chosen.memory,
        start=start,
        rank=rank,
        job="" if rank is None else job_of_environment(),
    )


def _probe(batch: Batch | None, chosen: Config) -> Probe:
    """The images that were asked for, or the first of the batch with their labels."""
    if batch is None:
        raise UsageError(
            "checkpoints come without images; give some: --probe images/ --shape 3,224,224, or let "
            "the model's function give the net and a batch"
        )
    count = chosen.probe_images
    first = probe_of(batch.inputs[:count])
    if chosen.probe is not None:
        shape = batch.inputs.shape[1:]
        return probe_from(Path(chosen.probe), shape, first.normalization, count)
    labels = None if batch.labels is None else batch.labels[:count]
    return replace(first, labels=labels)
