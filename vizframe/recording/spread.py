"""Checkpoints on a cluster: the run is made here, with its probe and layers; the rest is tasks."""

from __future__ import annotations

from pathlib import Path

from vizframe.errors import UsageError
from vizframe.network.adapter import adapter_for
from vizframe.network.checkpoints import checkpoints
from vizframe.network.loadable import load, make_model
from vizframe.recording.config import Config
from vizframe.recording.from_checkpoints import NO_IMAGES
from vizframe.recording.from_checkpoints import Rendering as Wanted
from vizframe.recording.past import new_run, past_of
from vizframe.recording.probe_choice import given_probe, probe_of_batch
from vizframe.recording.render import Rendering
from vizframe.recording.sources import CheckpointSource
from vizframe.store import create


def spread(wanted: Wanted, run: Path, chosen: Config) -> Rendering:
    """What is asked for, as a rendering of a run that is there now.

    Raises:
        UsageError: there is no checkpoint, or the factory or its network is not what it can be.
        NetworkError: the first checkpoint does not fit.
    """
    found = checkpoints(wanted.pattern)
    if not found:
        raise UsageError(f"checkpoints is {wanted.pattern!r}, which names no file")
    model, batch = make_model(wanted.model, wanted.shape)
    load(model, found[0].path)
    past = past_of(run)
    adapter = adapter_for(model)
    probe = past.probe or given_probe(chosen, adapter.to_array)
    if probe is None:
        if batch is None:
            raise UsageError(NO_IMAGES)
        probe = probe_of_batch(batch, chosen)
    network = adapter.network(model, probe.images, chosen.class_names, chosen.memory, probe.call)
    past.check_network(network, run.name)
    if past.probe is None:
        create(run, new_run(run.absolute().name, network, {}), probe, writer="render").close()
    paths = tuple((each.step, str(each.path.absolute())) for each in found)
    source = CheckpointSource(wanted.model, wanted.shape, paths, str(Path.cwd()))
    return Rendering(run, source, chosen)
