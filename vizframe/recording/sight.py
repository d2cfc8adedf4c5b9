"""How a recording sees the model: as a network, by a probe, as the run saw it before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vizframe.errors import NetworkError
from vizframe.network import Network
from vizframe.network.adapter import Adapter, Batch
from vizframe.network.probe import Probe
from vizframe.network.probe_images import class_folders
from vizframe.recording.config import Config
from vizframe.recording.destination import Destination
from vizframe.recording.probe_choice import flattened


class Sight:
    """Makes the network of a model, and completes its probe.

    Args:
        model: the network that is being trained.
        adapter: of its framework.
        config: the options of the recording.
        destination: knows which network and probe a run that goes on has.
    """

    def __init__(
        self, model: object, adapter: Adapter, config: Config, destination: Destination
    ) -> None:
        self._model, self._adapter = model, adapter
        self._config, self._destination = config, destination

    def see(self, probe: Probe) -> tuple[Network, Probe]:
        """The network and its probe, which are those of the run if that goes on. One that is not
        seen as taking images, though its rows could be some, is seen as it is."""
        try:
            return self._destination.check(lambda: self._network(probe), probe), probe
        except NetworkError:
            if not probe.call.is_flat:
                raise
        rows = flattened(probe)
        return self._destination.check(lambda: self._network(rows), rows), rows

    def _network(self, probe: Probe) -> Network:
        memory = self._config.memory
        names: Sequence[str] | None = self._config.class_names
        network = self._adapter.network(self._model, probe.images, names, memory, probe.call)
        folders = self._class_folders() if names is None else ()
        if folders and len(folders) == network.layer(network.score_layer).units:
            return self._adapter.network(self._model, probe.images, folders, memory, probe.call)
        return network

    def _class_folders(self) -> tuple[str, ...]:
        given = self._config.probe
        return class_folders(Path(given)) if isinstance(given, (str, Path)) else ()

    def complete(self, probe: Probe, batch: Batch | None) -> Probe:
        """The probe with what the model is given beside the images, where it has none of its
        own."""
        if probe.call.names:
            return probe
        call = probe.call if batch is None else batch.call
        return replace(probe, call=call.given(self._config.others))
