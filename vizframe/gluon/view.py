"""The Network of any Gluon Block."""

from __future__ import annotations

from typing import Any

from vizframe.errors import NetworkError, UnknownInputs
from vizframe.gluon.graph.parameters import Parameters
from vizframe.gluon.graph.trace import NoGraph
from vizframe.gluon.imperative import ImperativeNetwork
from vizframe.gluon.network import GluonNetwork
from vizframe.graph.fixed_batch import FixedBatch
from vizframe.graph.settings import Settings
from vizframe.network import Network


def view(net: Any, input_shape: tuple[int, ...], **options: Any) -> Network:
    """The Network of a Block: by its graph where it has one, by hooks where it has none.

    Args:
        net: hybridized or not; its parameters have values.
        input_shape: of one image, without the batch axis.
        options: those of `vizframe.graph.settings.Settings`.

    Raises:
        NetworkError: it cannot be called with such inputs; a parameter has no values.
    """
    network: GluonNetwork | ImperativeNetwork
    try:
        network = GluonNetwork.of(net, input_shape, **options)
    except UnknownInputs:
        raise
    except NetworkError as error:
        network = _by_hooks(net, Settings(tuple(input_shape), **options), error)
    size = network.fixed_size
    return network if size is None else FixedBatch(network, size)


def _by_hooks(net: Any, settings: Settings, refused: NetworkError) -> ImperativeNetwork:
    """The Network of a Block that has no graph, or one that cannot be computed: what Gluon computes
    of arrays may be wrong of symbols, such as a product that broadcasts."""
    try:
        return ImperativeNetwork(net, Parameters.of_block(net, keep=False), settings, str(refused))
    except NetworkError:
        if isinstance(refused, NoGraph):
            raise
        raise refused from None
