"""Watching Gluon trainings: which net, which batch, which loss, which update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.training.watch import watch_trainings
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard

nn, gluon, autograd = mx.gluon.nn, mx.gluon, mx.autograd


class Notebook:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.models: list[object] = []
        self.batches: list[Batch] = []
        self.scalars: list[dict[str, float]] = []
        self.epochs: list[float | None] = []
        self.notes: dict[str, object] = {}
        self.guard = Guard(strict=True)

    def note(self, name: str, value: object) -> None:
        self.notes[name] = value

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        self.models.append(model)
        self.batches.append(batch())

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        assert model is self.models[-1]
        self.epochs.append(epoch)
        self.scalars.append({name: float(each()) for name, each in scalars.items()})  # type: ignore[operator]  # all are functions


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    notebook = Notebook()
    end = watch_trainings(notebook)
    yield notebook
    end()


def dense_net(hybridized: bool = False) -> Any:
    net = nn.HybridSequential()
    net.add(nn.Dense(8, activation="relu"), nn.Dense(3))
    net.initialize()
    if hybridized:
        net.hybridize()
    return net


X = mx.nd.array(np.arange(12).reshape(4, 3) / 12)
Y = mx.nd.array([0, 2, 1, 0])


def trainer_of(net: Any) -> Any:
    return gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})


@pytest.mark.parametrize("hybridized", [False, True])
def test_an_update_is_seen_with_its_net_batch_labels_and_loss(
    hybridized: bool, notebook: Notebook
) -> None:
    net, loss_of = dense_net(hybridized), gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = trainer_of(net)
    for _ in range(2):
        with autograd.record():
            loss = loss_of(net(X), Y)
        loss.backward()
        trainer.step(4)
    assert notebook.models == [net, net]
    np.testing.assert_array_equal(notebook.batches[0].inputs, X.asnumpy())
    assert notebook.batches[0].labels is not None
    assert notebook.batches[0].labels.tolist() == [0, 2, 1, 0]
    assert notebook.scalars[1]["loss"] == pytest.approx(loss.mean().asscalar())
    assert notebook.scalars[1]["learning_rate"] == 0.5


class WithLoss(gluon.HybridBlock):  # type: ignore[misc, name-defined]  # MXNet has no types
    """A net and its loss as one Block, which is how many scripts hybridize the two together."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        with self.name_scope():
            self.net = net
            self.loss = gluon.loss.SoftmaxCrossEntropyLoss()

    def hybrid_forward(self, F: Any, x: Any, y: Any) -> Any:
        return self.loss(self.net(x), y)


@pytest.mark.parametrize("hybridized", [False, True])
def test_a_net_inside_a_block_that_has_the_loss_too_is_seen_by_itself(
    hybridized: bool, notebook: Notebook
) -> None:
    net = dense_net()
    both = WithLoss(net)
    if hybridized:
        both.hybridize()
    trainer = trainer_of(net)
    with autograd.record():
        loss = both(X, Y)
    loss.backward()
    trainer.step(4)
    assert notebook.models == [net]
    np.testing.assert_array_equal(notebook.batches[0].inputs, X.asnumpy())
    assert notebook.batches[0].labels is not None
    assert notebook.batches[0].labels.tolist() == [0, 2, 1, 0]


def test_a_loss_that_is_no_block_is_seen_where_backward_starts(notebook: Notebook) -> None:
    net = dense_net()
    trainer = trainer_of(net)
    with autograd.record():
        loss = ((net(X) - 1) ** 2).sum()
    autograd.backward([loss])
    trainer.step(1)
    assert notebook.scalars[0]["loss"] == pytest.approx(loss.asscalar())
    assert notebook.batches[0].labels is None


def test_an_update_without_step_is_seen(notebook: Notebook) -> None:
    net = dense_net()
    trainer = gluon.Trainer(net.collect_params(), "sgd", update_on_kvstore=False)
    with autograd.record():
        loss = net(X).sum()
    loss.backward()
    trainer.allreduce_grads()
    trainer.update(1)
    assert len(notebook.scalars) == 1


def test_of_two_nets_each_trainer_s_own_is_named(notebook: Notebook) -> None:
    maker, judge = dense_net(), dense_net()
    trainers = [trainer_of(maker), trainer_of(judge)]
    for trainer in trainers:
        with autograd.record():
            loss = judge(maker(X)).sum()
        loss.backward()
        trainer.step(1)
    assert notebook.models == [maker, judge]


def test_calls_outside_of_training_are_not_seen(notebook: Notebook) -> None:
    net = dense_net()
    trainer = trainer_of(net)
    with autograd.record():
        loss = net(X).sum()
    loss.backward()
    net(X * 0)  # an evaluation in between
    trainer.step(1)
    np.testing.assert_array_equal(notebook.batches[0].inputs, X.asnumpy())


def test_an_estimator_is_seen_too(notebook: Notebook) -> None:
    from mxnet.gluon.contrib.estimator import Estimator

    net = dense_net()
    net(X)
    data = gluon.data.DataLoader(gluon.data.ArrayDataset(X, Y), batch_size=2)
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    estimator = Estimator(net=net, loss=loss_of, trainer=trainer_of(net))
    estimator.logger.disabled = True
    estimator.fit(data, epochs=1)
    assert notebook.models == [net, net]


def test_the_end_of_the_watch_puts_everything_back() -> None:
    owners = [(gluon.Block, "__call__"), (mx.nd.NDArray, "backward"), (autograd, "backward")]
    owners += [(gluon.Trainer, "step"), (gluon.Trainer, "update")]
    before = [getattr(*each) for each in owners]
    end = watch_trainings(Notebook())
    assert all(getattr(*each) is not old for each, old in zip(owners, before, strict=True))
    end()
    assert [getattr(*each) for each in owners] == before


def test_a_training_that_fails_forgets_nothing_of_the_trace(notebook: Notebook) -> None:
    net = dense_net()
    with autograd.record(), pytest.raises(ValueError, match=r"mixed NDArrays|one NDArray"):
        net("no array")
    with autograd.record():
        loss = net(X).sum()
    loss.backward()
    trainer_of(net).step(1)
    assert notebook.models == [net]
