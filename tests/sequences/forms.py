"""Recurrent networks in the forms that people write them in, small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vizframe.gluon.call import batch_of
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network.layer import select
from vizframe.network.probe import Probe, probe_of
from vizframe.plugin import Scene
from vizframe.recording.text_probe import with_tokens

nn, rnn = mx.gluon.nn, mx.gluon.rnn

TOKENS, WIDTH, UNITS, STEPS, TEXTS = 20, 6, 8, 12, 4


class Reader(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """An embedding, a recurrent layer and a dense one; a subclass says how they are called."""

    def __init__(self, layer: Any, flatten: bool = False) -> None:
        super().__init__()
        with self.name_scope():
            self.words = nn.Embedding(TOKENS, WIDTH)
            self.rnn = layer
            self.out = nn.Dense(TOKENS, flatten=flatten)


class Fused(Reader):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.out(self.rnn(self.words(x)))


class WithState(Reader):
    def hybrid_forward(self, F: Any, x: Any, hidden: Any) -> Any:
        rows, hidden = self.rnn(self.words(x), hidden)
        return self.out(rows), hidden


class Unrolled(Reader):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        rows, _ = self.rnn.unroll(STEPS, self.words(x), layout="NTC", merge_outputs=True)
        return self.out(rows)


class PlainReader(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """The same as a Block that no graph can hold."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        with self.name_scope():
            self.words, self.rnn = nn.Embedding(TOKENS, WIDTH), layer
            self.out = nn.Dense(TOKENS, flatten=False)


class BeginState(PlainReader):
    def forward(self, x: Any) -> Any:
        rows, _ = self.rnn(self.words(x), self.rnn.begin_state(batch_size=x.shape[0]))
        return self.out(rows)


class Loop(PlainReader):
    def forward(self, x: Any) -> Any:
        state, made = self.rnn.begin_state(batch_size=x.shape[0]), []
        rows = self.words(x)
        for step in range(x.shape[1]):
            given, state = self.rnn(rows[:, step], state)
            made.append(self.out(given))
        return mx.nd.stack(*made, axis=1)


class StepByStep(PlainReader):
    """Embedding, cell and dense layer, each called at every step."""

    def forward(self, x: Any) -> Any:
        state, made = self.rnn.begin_state(batch_size=x.shape[0]), []
        for step in range(x.shape[1]):
            given, state = self.rnn(self.words(x[:, step]), state)
            made.append(self.out(given))
        return mx.nd.stack(*made, axis=1)


class HybridLoop(Reader):
    """A loop that a graph holds, whose steps are counted beforehand."""

    def hybrid_forward(self, F: Any, x: Any, h: Any, c: Any) -> Any:
        rows, state, made = self.words(x), [h, c], []
        for step in range(STEPS):
            row = F.reshape(F.slice_axis(rows, axis=1, begin=step, end=step + 1), (0, -1))
            given, state = self.rnn(row, state)
            made.append(self.out(given))
        return F.stack(*made, axis=1)


@dataclass(frozen=True)
class Form:
    """A network, and how it takes its tokens.

    Attributes:
        make: the network, its parameters without values.
        time_first: whether it takes (time, text).
        has_state: whether it is given a state.
    """

    make: Callable[[], Any]
    time_first: bool = False
    has_state: bool = False


def both_ways() -> Any:
    return rnn.BidirectionalCell(rnn.LSTMCell(UNITS), rnn.LSTMCell(UNITS))


FORMS: Mapping[str, Form] = {
    "lstm": Form(lambda: Fused(rnn.LSTM(UNITS, layout="NTC"))),
    "gru, time first": Form(lambda: Fused(rnn.GRU(UNITS)), time_first=True),
    "rnn of relus": Form(lambda: Fused(rnn.RNN(UNITS, layout="NTC"))),
    "rnn of tanh, two layers": Form(lambda: Fused(rnn.RNN(UNITS, 2, "tanh", layout="NTC"))),
    "both ways": Form(lambda: Fused(rnn.LSTM(UNITS, 2, "NTC", bidirectional=True))),
    "gru both ways": Form(lambda: Fused(rnn.GRU(UNITS, layout="NTC", bidirectional=True))),
    "state": Form(lambda: WithState(rnn.LSTM(UNITS, 2)), time_first=True, has_state=True),
    "state of a gru": Form(lambda: WithState(rnn.GRU(UNITS, layout="NTC")), has_state=True),
    "begin state": Form(lambda: BeginState(rnn.LSTM(UNITS, layout="NTC"))),
    "cell unrolled": Form(lambda: Unrolled(rnn.LSTMCell(UNITS))),
    "gru cell unrolled": Form(lambda: Unrolled(rnn.GRUCell(UNITS))),
    "cells both ways": Form(lambda: Unrolled(both_ways())),
    "cell in a loop": Form(lambda: Loop(rnn.LSTMCell(UNITS, input_size=WIDTH))),
    "gru cell in a loop": Form(lambda: Loop(rnn.GRUCell(UNITS, input_size=WIDTH))),
    "rnn cell in a loop": Form(lambda: Loop(rnn.RNNCell(UNITS, input_size=WIDTH))),
    "loop in a graph": Form(lambda: HybridLoop(rnn.LSTMCell(UNITS)), has_state=True),
    "all step by step": Form(lambda: StepByStep(rnn.LSTMCell(UNITS, input_size=WIDTH))),
}


def given(form: Form) -> tuple[Any, list[Any]]:
    """The network with values, and what it is called with."""
    mx.random.seed(3)
    net = form.make()
    net.initialize(mx.init.Normal(0.4))
    tokens = np.random.default_rng(0).integers(0, TOKENS, (TEXTS, STEPS))
    arguments = [mx.nd.array(tokens.T if form.time_first else tokens)]
    if form.has_state:
        states = net.rnn.begin_state(batch_size=TEXTS)
        if isinstance(net, HybridLoop):
            more = [
                mx.nd.repeat(mx.nd.random.normal(shape=(1, UNITS)), TEXTS, axis=0) for _ in "hc"
            ]
            net(*arguments, *more)
            return net, [*arguments, *more]
        one = [mx.nd.random.normal(shape=(each.shape[0], 1, UNITS)) for each in states]
        arguments.append([mx.nd.repeat(each, TEXTS, axis=1) for each in one])
    net(*arguments)
    return net, arguments


def scene_of(form: Form, layers: tuple[str, ...] = ()) -> Scene:
    """What a plugin is shown of it, with its tokens as the probe."""
    net, arguments = given(form)
    batch = batch_of(net, arguments)
    network = view(net, batch.inputs.shape[1:], call=batch.call)
    probe: Probe = replace(probe_of(batch.inputs), call=batch.call)
    probe = with_tokens(probe, network, None)
    return Scene(network, select(network.layers, layers), probe)
