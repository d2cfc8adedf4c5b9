"""How a recording views the model: as a network, by a probe, as its run viewed it before."""

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


class ModelView:
    """Makes the network of a model, and completes its probe.

    Args:
        model: the network that is being trained.
        adapter: of its framework.
        config: the options of the recording.
        destination: knows the network and the probe of a run that is resumed.
    """

    def __init__(
        self, model: object, adapter: Adapter, config: Config, destination: Destination
    ) -> None:
        self._model, self._adapter = model, adapter
        self._config, self._destination = config, destination

    def network(self, probe: Probe, batch: Batch | None) -> tuple[Network, Probe]:
        """The network, and the probe completed by what the model is given beside its inputs.

        Where rows were taken for images, and the network cannot be traced with these, they are
        rows again.

        Args:
            batch: what the model is trained on, where that is known.

        Raises:
            UsageError: the run was recorded with another network or probe.
            NetworkError: the model cannot be traced.
        """
        whole = self._with_call(probe, batch)
        if batch is not None and batch.inputs.ndim == 2:
            whole = self._fitted(whole, batch.inputs.shape[1])
        network, known = self._checked(whole)
        return network, with_tokens(known, network, vocabulary_of(self._config.vocab))

    def _with_call(self, probe: Probe, batch: Batch | None) -> Probe:
        """The probe with what the model is given beside the images, where it has none of its
        own."""
        if probe.call.names:
            return probe
        call = probe.call if batch is None else batch.call
        return replace(probe, call=call.given(self._config.others))

    def _fitted(self, probe: Probe, length: int) -> Probe:
        """Texts whole, where the network goes along them step by step, whatever their length; else
        in windows of the length that it is trained on."""
        if not probe.tokens or probe.images.shape[1] == length:
            return probe
        try:
            layers = self._traced(probe).layers
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

    def _checked(self, probe: Probe) -> tuple[Network, Probe]:
        """The network and the probe, if they are those of the run."""
        try:
            return self._destination.check(lambda: self._traced(probe), probe), probe
        except NetworkError:
            if not probe.call.is_flat:
                raise
        rows = flattened(probe)
        return self._destination.check(lambda: self._traced(rows), rows), rows

    def _traced(self, probe: Probe) -> Network:
        """The network as it is traced for such a probe, its classes named by the probe's folders
        where these are as many."""
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
