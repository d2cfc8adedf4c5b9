"""Relevance by the formulas as they are written: the slow twin of an adapter's gradients.

From the last layer to the first one, R at a layer's output becomes R at its input. `backward` of an
operation is its transposed kernels, so a share is ``a · backward(R / stab(z))`` of changed weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from vizframe.network.relevance import RelevanceRule, RelevanceRules
from vizframe.testing.reference_ops import Convolution, Dense, Operation, Signal


def relevance_of(
    operations: Mapping[str, Operation],
    outputs: Mapping[str, Signal],
    relevance: Signal,
    rules: RelevanceRules,
) -> Signal:
    """The relevance of every input.

    Args:
        operations: in forward order.
        outputs: of each of them, and the input under the name ``""``.
        relevance: of the last one's output.
    """
    first = next((n for n, each in operations.items() if isinstance(each, Convolution)), None)
    for before, name in reversed(list(pairwise(["", *operations]))):
        operation, given = operations[name], outputs[before]
        if name == first and before == "" and rules.first == "flat":
            relevance = _flat(operation, given, relevance, rules)
        elif name == first and before == "" and rules.first == "box":
            relevance = _box(operation, given, relevance, rules)
        elif isinstance(operation, Convolution):
            relevance = _linear(operation, given, relevance, rules, rules.convolution)
        elif isinstance(operation, Dense):
            relevance = _linear(operation, given, relevance, rules, rules.dense)
        elif operation.kind != "activation":  # a pool's winner, a reshape
            relevance = operation.backward(relevance, given, "plain")
    return relevance


def _linear(
    layer: Operation, given: Signal, relevance: Signal, rules: RelevanceRules, rule: RelevanceRule
) -> Signal:
    upper, lower = np.maximum(given, 0), np.minimum(given, 0)
    if rule == "epsilon":
        return _share([(layer, given)], relevance, rules)
    if rule == "zplus":
        plus, minus = _changed(layer, 0, 1, 1), _changed(layer, 0, 1, -1, bias=False)
        return _share([(plus, upper), (minus, lower)], relevance, rules)
    total, response = np.zeros_like(given), layer.forward(given)
    for sign, chosen in ((1, response > 0), (-1, response < 0)):
        one = _changed(layer, 1, rules.gamma, sign)
        other = _changed(layer, 1, rules.gamma, -sign, bias=False)
        total += _share([(one, upper), (other, lower)], relevance * chosen, rules)
    return total


def _box(layer: Operation, given: Signal, relevance: Signal, rules: RelevanceRules) -> Signal:
    low, high = (
        np.broadcast_to(np.reshape(ends, (1, -1, 1, 1)), given.shape)
        for ends in (rules.low, rules.high)
    )
    plus, minus = _changed(layer, 0, 1, 1), _changed(layer, 0, 1, -1)
    response = layer.forward(given) - plus.forward(low) - minus.forward(high)
    part = relevance / _stable(response, rules)
    found: Signal = given * layer.backward(part, given, "plain")
    found = found - low * plus.backward(part, low, "plain")
    return found - high * minus.backward(part, high, "plain")


def _flat(layer: Operation, given: Signal, relevance: Signal, rules: RelevanceRules) -> Signal:
    parameters = {name: np.ones_like(values) for name, values in layer.parameters.items()}
    parameters["bias"] = np.zeros_like(parameters["bias"])
    return _share([(layer.with_parameters(parameters), np.ones_like(given))], relevance, rules)


def _share(
    parts: list[tuple[Operation, Signal]], relevance: Signal, rules: RelevanceRules
) -> Signal:
    """What each input contributed to the sum of all parts."""
    response = np.add.reduce([layer.forward(given) for layer, given in parts])
    part = relevance / _stable(response, rules)
    shares = [given * layer.backward(part, given, "plain") for layer, given in parts]
    found: Signal = np.add.reduce(shares)
    return found


def _changed(
    layer: Operation, share: float, most: float, sign: int, *, bias: bool = True
) -> Operation:
    """The layer with ``share · w + most · (w's part of this sign)``; without ``bias``, none."""
    parameters = {
        name: share * values + most * (np.maximum if sign > 0 else np.minimum)(values, 0)
        for name, values in layer.parameters.items()
    }
    if not bias:
        parameters["bias"] = np.zeros_like(parameters["bias"])
    return layer.with_parameters(parameters)


def _stable(response: Signal, rules: RelevanceRules) -> Signal:
    stable: Signal = response + np.where(response >= 0, rules.epsilon, -rules.epsilon)
    return stable
