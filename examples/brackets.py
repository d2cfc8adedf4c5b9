"""Which cell of an LSTM follows the depth of brackets, over the training.

python examples/brackets.py && vizframe serve runs
"""

import numpy as np

import vizframe
from vizframe.gluon.compat import mx  # MXNet, made importable beside today's NumPy

CHARACTERS = "()ab"
DRAW = np.random.default_rng(0)


def text(length: int) -> str:
    """Brackets, at most four deep, with letters between them."""
    made, depth = "", 0
    while len(made) < length:
        each = DRAW.choice(list("(" * (4 - depth) + ")" * depth + "ab"))
        depth += {"(": 1, ")": -1}.get(each, 0)
        made += each
    return made


class Reader(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.embedding = mx.gluon.nn.Embedding(len(CHARACTERS), 8)
            self.rnn = mx.gluon.rnn.LSTM(32, layout="NTC")
            self.out = mx.gluon.nn.Dense(len(CHARACTERS), flatten=False)

    def hybrid_forward(self, F, x):  # type: ignore[no-untyped-def]  # F is MXNet's
        return self.out(self.rnn(self.embedding(x)))


mx.random.seed(0)
net = Reader()
net.initialize(mx.init.Xavier())
trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
loss_of = mx.gluon.loss.SoftmaxCELoss()
corpus = np.array([CHARACTERS.index(each) for each in text(20_000)])

probe = text(400)
with open("probe.txt", "w") as file:
    file.write(probe)
with vizframe.Recorder(
    net, "runs/brackets", every=50, probe="probe.txt", vocab=list(CHARACTERS)
) as recorder:
    for _ in range(200):
        places = DRAW.integers(0, len(corpus) - 41, 32)
        rows = np.stack([corpus[place : place + 41] for place in places])
        with mx.autograd.record():
            loss = loss_of(net(mx.nd.array(rows[:, :-1])), mx.nd.array(rows[:, 1:])).mean()
        loss.backward()
        trainer.step(1)
        recorder.step(loss=loss)

depth = np.cumsum([{"(": 1, ")": -1}.get(each, 0) for each in probe])
with vizframe.open("runs/brackets") as run:
    for step in run.steps:
        cells = np.asarray(run["recurrent.cell", "rnn"].at(step, probe=0))  # (unit, time)
        follows = [abs(np.corrcoef(cell, depth)[0, 1]) for cell in cells]
        best = int(np.argmax(follows))
        bits = np.nanmean(np.asarray(run["prediction.surprise", "out"].at(step, probe=0)))
        told = f"unit {best:2} follows the depth, |r| {follows[best]:.2f}; {bits:.2f} bits"
        print(f"step {step:3}: {told}")
