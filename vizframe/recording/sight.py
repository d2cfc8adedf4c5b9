"""How a recording sees the model: as a network, by a probe, as the run saw it before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vizframe.errors import NetworkError, UsageError
from vizframe.network import Network
from vizframe.network.adapter import Adapter, Batch
from vizframe.network.probe import Probe
from vizframe.network.probe_images import class_folders
from vizframe.recording.config import Config
from vizframe.recording.destination import Destination
from vizframe.recording.probe_choice import flattened
from vizframe.recording.text_probe import in_windows, vocabulary_of, with_tokens


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
        self._length: int | None = None

    def see(self, probe: Probe) -> tuple[Network, Probe]:
        """The network and its probe, which are those of the run if that goes on. One that is not
        seen as taking images, though its rows could be some, is seen as it is."""
        network, probe = self._see(self._of_its_length(probe))
        return network, with_tokens(probe, network, vocabulary_of(self._config.vocab))

    def _of_its_length(self, probe: Probe) -> Probe:
        """Texts whole where the network goes along them step by step, whatever their length; else
        in windows as long as those that it is trained on."""
        length = self._length
        if not probe.tokens or length is None or probe.images.shape[1] == length:
            return probe
        try:
            layers = self._network(probe).layers
        except (NetworkError, UsageError):
            return in_windows(probe, length, self._config.probe_images)
        goes_along = any(
            layer.kind == "recurrent"
            and layer.is_sequence
            and layer.shape[0] == len(probe.images[0])
            for layer in layers
        )
        if goes_along and all(layer.kind != "attention" for layer in layers):
            return probe
        return in_windows(probe, length, self._config.probe_images)

    def _see(self, probe: Probe) -> tuple[Network, Probe]:
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
        if batch is not None and batch.inputs.ndim == 2:
            self._length = batch.inputs.shape[1]
        if probe.call.names:
            return probe
        call = probe.call if batch is None else batch.call
        return replace(probe, call=call.given(self._config.others))
