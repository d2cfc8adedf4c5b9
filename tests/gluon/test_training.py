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

    def wants_batch(self, model: object) -> bool:
        return True

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        assert any(model is each for each in self.models)
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


def names_of(notebook: Notebook) -> list[str]:
    return [str(getattr(model, "name", type(model).__name__)) for model in notebook.models]


class LossInside(gluon.Block):  # type: ignore[misc, name-defined]  # MXNet has no types
    """A net whose loss is a method of it, in which only its children are called."""

    def __init__(this) -> None:  # whatever a script calls it
        super().__init__(prefix="method_")
        with this.name_scope():
            this.body, this.head = nn.Dense(4), nn.Dense(3)

    def forward(this, x: Any) -> Any:
        return this.head(this.body(x))

    def cost(this, x: Any, y: Any) -> Any:
        return gluon.loss.SoftmaxCELoss()(this.head(this.body(x)), y)


def test_a_net_whose_loss_is_a_method_of_it_is_seen_whole(notebook: Notebook) -> None:
    net = LossInside()
    net.initialize()
    trainer = trainer_of(net)
    with autograd.record():
        loss = net.cost(X, Y)
    loss.backward()
    trainer.step(4)
    assert notebook.models == [net]
    np.testing.assert_array_equal(notebook.batches[0].inputs, X.asnumpy())


def test_a_trainer_of_the_head_trains_the_net_that_it_is_the_head_of(notebook: Notebook) -> None:
    net = dense_net()
    trainer = gluon.Trainer(net[1].collect_params(), "sgd")
    with autograd.record():
        loss = net(X).sum()
    loss.backward()
    trainer.step(4)
    assert notebook.models == [net]


def test_two_nets_of_one_trainer_are_both_seen(notebook: Notebook) -> None:
    encoder, decoder = dense_net(), dense_net()
    parameters = encoder.collect_params()
    parameters.update(decoder.collect_params())
    trainer = gluon.Trainer(parameters, "sgd")
    with autograd.record():
        loss = decoder(encoder(X)).sum()
    loss.backward()
    trainer.step(4)
    assert {id(each) for each in notebook.models} == {id(encoder), id(decoder)}


def test_a_sequence_that_is_never_called_stands_for_the_blocks_in_it(notebook: Notebook) -> None:
    net = nn.Sequential()  # as word2vec is often written
    net.add(nn.Embedding(9, 4), nn.Embedding(9, 4))
    net.initialize()
    trainer = trainer_of(net)
    with autograd.record():
        loss = (net[0](Y) * net[1](Y)).sum()
    loss.backward()
    trainer.step(4)
    assert notebook.models == [net[0], net[1]]


def by_backward(net: Any) -> list[Any]:
    with autograd.record():
        loss = (net(X) ** 2).sum()
    loss.backward()
    return [each.grad() for each in net.collect_params().values()]


def by_grad(net: Any) -> list[Any]:
    with autograd.record():
        loss = (net(X) ** 2).sum()
    return list(autograd.grad(loss, [each.data() for each in net.collect_params().values()]))


@pytest.mark.parametrize("differentiate", [by_backward, by_grad])
def test_updates_by_hand_are_seen_with_the_weights_as_they_were(
    differentiate: Callable[[Any], list[Any]], notebook: Notebook
) -> None:
    net = dense_net()
    net(X)
    weight = net[0].weight
    seen: list[float] = []
    before_update = notebook.before_update

    def note(model: object, batch: Callable[[], Batch]) -> None:
        seen.append(float(weight.data().sum().asscalar()))
        before_update(model, batch)

    notebook.before_update = note  # type: ignore[method-assign]
    start = float(weight.data().sum().asscalar())
    own = weight.data()
    for _ in range(3):
        gradients = differentiate(net)
        for each, gradient in zip(net.collect_params().values(), gradients, strict=True):
            each.data()[:] -= 0.1 * gradient
    net(X)
    assert notebook.models == [net]
    assert seen == [start]
    assert len(notebook.scalars) == 3
    assert weight.data() is own


def test_a_net_that_is_only_differentiated_is_not_trained(notebook: Notebook) -> None:
    net = dense_net()
    for _ in range(9):
        with autograd.record():
            loss = net(X).sum()
        loss.backward()
    net(X)
    assert notebook.models == []


def test_amounts_are_no_labels(notebook: Notebook) -> None:
    net, loss_of = dense_net(), gluon.loss.L2Loss()
    trainer = gluon.Trainer(net.collect_params(), "sgd")
    for targets in (Y, Y + 0.5):
        with autograd.record():
            loss = loss_of(net(X).mean(axis=1), targets)
        loss.backward()
        trainer.step(4)
    assert [each.labels is None for each in notebook.batches] == [False, True]


def test_a_module_is_seen_with_its_batch_labels_and_metrics(notebook: Notebook) -> None:
    hidden = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3)
    module = mx.mod.Module(mx.sym.SoftmaxOutput(hidden, name="softmax"))
    data = mx.io.NDArrayIter(X.asnumpy(), Y.asnumpy(), 2)
    module.fit(data, num_epoch=2)
    assert notebook.models == [module] * 4
    np.testing.assert_array_equal(notebook.batches[0].inputs, X.asnumpy()[:2])
    assert notebook.batches[0].labels is not None
    assert notebook.batches[0].labels.tolist() == [0, 2]
    assert "accuracy" in notebook.scalars[-1]
    assert notebook.epochs == [0.5, 1.0, 1.5, 2.0]


def test_a_seed_is_noted(notebook: Notebook) -> None:
    mx.random.seed(42)
    assert notebook.notes == {"seed/mxnet": 42}
