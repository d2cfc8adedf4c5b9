"""A training loop of one's own with two lines more, marked below.

python examples/two_lines.py && vizframe serve runs
"""

import numpy as np

import vizframe
from vizframe.gluon.compat import mx  # MXNet, made importable beside today's NumPy

STRIPES = np.random.default_rng(0)


def stripes(count: int) -> tuple[object, object]:
    """Noisy pictures with a horizontal (0) or vertical (1) stripe."""
    pictures = STRIPES.normal(0.2, 0.1, (count, 1, 16, 16)).astype(np.float32)
    labels = STRIPES.integers(0, 2, count)
    for picture, label, at in zip(pictures, labels, STRIPES.integers(0, 16, count), strict=True):
        picture[0, at, :] += 1 - label
        picture[0, :, at] += label
    return mx.nd.array(pictures), mx.nd.array(labels)


net = mx.gluon.nn.HybridSequential()
net.add(
    mx.gluon.nn.Conv2D(8, 5, activation="relu"),
    mx.gluon.nn.GlobalMaxPool2D(),
    mx.gluon.nn.Dense(2),
)
net.initialize()
net.hybridize()
loss_of = mx.gluon.loss.SoftmaxCrossEntropyLoss()
trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})

with vizframe.Recorder(net, "runs/stripes", every=20) as recorder:  # the first line
    for _ in range(200):
        pictures, labels = stripes(32)
        with mx.autograd.record():
            loss = loss_of(net(pictures), labels)
        loss.backward()
        trainer.step(32)
        recorder.step(loss=loss)  # the second line
