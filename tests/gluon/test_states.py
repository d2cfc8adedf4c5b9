"""Operators with state act as they do when nothing is trained, and keep their state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.view import view
from vizframe.network import FloatArray, Network, Objective

nn, autograd = mx.gluon.nn, mx.autograd
SyncBatchNorm = mx.gluon.contrib.nn.SyncBatchNorm
SHAPE = (3, 10, 10)


class _Observer(mx.operator.CustomOp):  # type: ignore[misc]  # MXNet ships no types
    """Divides by the largest value seen in training, as observers of a quantization do."""

    def forward(self, is_train: bool, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
        given, seen = in_data[0].asnumpy(), float(aux[0].asscalar())
        if is_train:
            seen = max(seen, float(abs(given).max())) + 1
            aux[0][:] = seen
        self.assign(out_data[0], req[0], mx.nd.array(given / seen))

    def backward(
        self, req: Any, out_grad: Any, in_data: Any, out_data: Any, in_grad: Any, aux: Any
    ) -> None:
        back = out_grad[0].asnumpy() / float(aux[0].asscalar())
        self.assign(in_grad[0], req[0], mx.nd.array(back))


@mx.operator.register("vizframe_test_observer")
class _ObserverProperties(mx.operator.CustomOpProp):  # type: ignore[misc]  # no types
    """Knows no attributes: an unknown one ends the process."""

    def __init__(self) -> None:
        super().__init__(need_top_grad=True)

    def list_auxiliary_states(self) -> list[str]:
        return ["seen"]

    def infer_shape(self, given: Any) -> Any:
        return [given[0]], [given[0]], [[1]]

    def create_operator(self, *_: Any) -> Any:
        return _Observer()


class Observer(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """A block whose output is that of an operator written in Python."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.seen = self.params.get("seen", shape=(1,), init="ones", differentiable=False)

    def hybrid_forward(self, F: Any, x: Any, seen: Any) -> Any:
        return F.Custom(x, seen, op_type="vizframe_test_observer")


STATES = pytest.mark.parametrize(
    "make",
    [nn.BatchNorm, nn.BatchNormReLU, lambda: SyncBatchNorm(num_devices=1), Observer],
    ids=["BatchNorm", "BatchNormReLU", "SyncBatchNorm", "Observer"],
)
Make = Callable[[], Any]


def trained(make: Make) -> tuple[Any, Network, FloatArray]:
    """A net whose states are no longer what they were initialised to."""
    mx.random.seed(0)
    net = nn.HybridSequential()
    # Four units: of eight, oneDNN's layout, which an operator in Python reads wrongly.
    net.add(nn.Conv2D(4, 3), make(), nn.Conv2D(4, 3), make(), nn.GlobalAvgPool2D(), nn.Dense(3))
    net.initialize(mx.init.Xavier(magnitude=6))
    images = mx.nd.random.uniform(shape=(4, *SHAPE))
    with autograd.record():
        loss = (net(images) ** 2).sum()
    loss.backward()
    return net, view(net, SHAPE), images.asnumpy()


def taken_apart(net: Any) -> Any:
    """The net without what MXNet 1.9.1 gets wrong: BatchNorm and ReLU for what is both, and a
    division for the operator in Python, which behind a convolution is, now and then, given memory
    that nobody has filled."""
    same = nn.HybridSequential()
    for block in net:
        if isinstance(block, nn.BatchNormReLU):
            norm = nn.BatchNorm(params=block.params)
            same.add(norm, nn.Activation("relu"))
        elif isinstance(block, Observer):
            seen = float(block.seen.data().asscalar())
            same.add(nn.HybridLambda(lambda _F, x, seen=seen: x / seen))
        else:
            same.add(block)
    return same


def own_gradient(net: Any, images: FloatArray) -> FloatArray:
    """MXNet's own input gradient of the second score."""
    given = mx.nd.array(images)
    given.attach_grad()
    with autograd.record(train_mode=False):
        score = net(given)[:, 1].sum()
    score.backward(train_mode=False)
    gradient: FloatArray = given.grad.asnumpy()
    return gradient


@STATES
def test_asking_leaves_every_state_as_it_was(make: Make) -> None:
    net, seen, images = trained(make)
    before = {name: each.data().asnumpy() for name, each in net.collect_params().items()}
    for _ in range(2):
        seen.activations(images, [layer.name for layer in seen.layers])
        seen.gradient(images, Objective.of("5", [0, 1, 2, 0]), rule="guided")
        seen.gradients(images, Objective.of("5", [0, 1, 2, 0]), ["0", "2"])
        with seen.excitation(Objective.of("3", [0, 1])) as excitation:
            for _ in range(3):
                excitation.evaluate(excitation.ops.to_device(np.ones(excitation.shape, np.float32)))
    for name, each in net.collect_params().items():
        assert np.array_equal(each.data().asnumpy(), before[name]), name


@STATES
def test_gradients_are_those_of_predict_mode(make: Make) -> None:
    net, seen, images = trained(make)
    wanted = own_gradient(taken_apart(net), images)
    found = seen.gradient(images, Objective.of("5", [1] * 4))
    assert np.abs(wanted).max() > 0
    np.testing.assert_allclose(found.gradient, wanted, rtol=1e-3, atol=1e-4 * abs(wanted).max())
    np.testing.assert_allclose(
        seen.scores(images), net(mx.nd.array(images)).asnumpy(), rtol=1e-4, atol=1e-5
    )


@STATES
def test_states_that_a_training_changes_are_seen(make: Make) -> None:
    net, seen, images = trained(make)
    seen.scores(images)
    with autograd.record():
        net(mx.nd.array(3 * images)).wait_to_read()
    np.testing.assert_allclose(
        seen.scores(images), net(mx.nd.array(images)).asnumpy(), rtol=1e-4, atol=1e-5
    )


def test_a_normalization_with_its_relu_is_two_layers_and_obeys_the_rules() -> None:
    net, seen, images = trained(nn.BatchNormReLU)
    names = [layer.name for layer in seen.layers]
    assert names[:3] == ["0", "1.batchnorm", "1"]
    assert seen.layer("1").nonnegative
    assert seen.layer("1").rectifies
    objective = Objective.of("5", [1] * 4)
    plain = seen.gradient(images, objective).gradient
    guided = seen.gradient(images, objective, rule="guided").gradient
    assert (plain != guided).any()
    with autograd.predict_mode():
        inner = net[:2](mx.nd.array(images)).asnumpy()
    found = seen.activations(images, ["1"])["1"]
    np.testing.assert_allclose(found, inner, rtol=1e-4, atol=1e-5)


def test_an_operator_written_in_python_that_takes_a_block_s_output_gets_no_marks() -> None:
    """And so does one that gives what a block takes."""
    net = nn.HybridSequential()
    net.add(Observer(), Observer(), nn.Conv2D(2, 3), Observer(), nn.Flatten(), nn.Dense(2))
    net.initialize()
    images = mx.nd.ones((2, *SHAPE))
    answer = net(images)
    seen = view(net, SHAPE)
    assert [layer.name for layer in seen.layers][:4] == ["0", "1", "2", "3"]
    np.testing.assert_allclose(seen.scores(images.asnumpy()), answer.asnumpy(), rtol=1e-5)


def test_nothing_of_a_trace_stays_on_a_python_operator_s_node() -> None:
    symbol = mx.sym.Custom(mx.sym.var("x"), op_type="vizframe_test_observer")
    (node,) = [each for each in Graph.of(symbol).nodes if each.operator == "Custom"]
    assert set(node.attributes) == {"op_type"}
