"""Which epoch an update belongs to, as the batches that a training draws tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.training.watch import watch_trainings
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard

gluon, autograd = mx.gluon, mx.autograd
IMAGES = np.zeros((8, 3), np.float32)


class Epochs:
    """An observer that writes down the epoch of each update, by model."""

    def __init__(self) -> None:
        self.told: dict[int, list[float | None]] = {}
        self.guard = Guard(strict=True)

    def note(self, name: str, value: object) -> None:
        """Nothing is noted."""

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        """Nothing is asked."""

    def wants_batch(self, model: object) -> bool:
        return False

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        self.told.setdefault(id(model), []).append(epoch)


class Trained:
    """A small net, updated as often as it is called."""

    def __init__(self) -> None:
        self.net = gluon.nn.Dense(2)
        self.net.initialize()
        self.trainer = gluon.Trainer(self.net.collect_params(), "sgd")

    def __call__(self, x: Any) -> None:
        with autograd.record():
            loss = self.net(x).sum()
        loss.backward()
        self.trainer.step(len(x))


@pytest.fixture
def epochs() -> Iterator[Epochs]:
    observer = Epochs()
    end = watch_trainings(observer)
    yield observer
    end()


@pytest.fixture
def update(epochs: Epochs) -> Trained:
    return Trained()


def loader(size: int, **options: Any) -> Any:
    return gluon.data.DataLoader(
        gluon.data.ArrayDataset(mx.nd.array(IMAGES)), batch_size=size, **options
    )


def only(epochs: Epochs) -> list[float | None]:
    (told,) = epochs.told.values()
    return told


@pytest.mark.parametrize("workers", [{}, {"num_workers": 1, "thread_pool": True}])
def test_each_pass_over_a_loader_is_an_epoch(
    workers: dict[str, Any], epochs: Epochs, update: Trained
) -> None:
    data = loader(4, **workers)
    for _ in range(2):
        for x in data:
            update(x)
    assert only(epochs) == [0.5, 1.0, 1.5, 2.0]


def test_a_loader_made_anew_for_each_epoch_counts_on(epochs: Epochs, update: Trained) -> None:
    for _ in range(3):
        for x in loader(8):
            update(x)
    assert only(epochs) == [1.0, 2.0, 3.0]


def test_validating_is_no_epoch(epochs: Epochs, update: Trained) -> None:
    data, other = loader(4), loader(2)
    for _ in range(2):
        for x in data:
            for y in other:  # after the batch was drawn, and before its update
                update.net(y)
            update(x)
        for y in other:
            update.net(y)
            break
    assert only(epochs) == [0.5, 1.0, 1.5, 2.0]


def test_a_pass_that_is_left_early_is_an_epoch_of_its_own(epochs: Epochs, update: Trained) -> None:
    data = loader(2)
    for _ in range(2):
        for _, x in zip(range(2), data, strict=False):
            update(x)
    assert only(epochs) == [0.25, 0.5, 1.25, 1.5]


def test_batches_whose_gradients_are_added_up_are_counted(epochs: Epochs, update: Trained) -> None:
    for number, x in enumerate(loader(2)):
        if number % 2:
            update(x)
    assert only(epochs) == [0.5, 1.0]


def test_an_iterator_over_arrays_counts_until_it_is_reset(epochs: Epochs, update: Trained) -> None:
    data = mx.io.NDArrayIter(IMAGES, batch_size=4)
    for _ in range(2):
        data.reset()
        for batch in data:
            update(batch.data[0])
    assert only(epochs) == [0.5, 1.0, 1.5, 2.0]


def test_an_iterator_of_unknown_length_tells_it_by_its_first_pass(
    epochs: Epochs, update: Trained
) -> None:
    data = mx.io.ResizeIter(mx.io.NDArrayIter(IMAGES, batch_size=4), 4)
    for _ in range(2):
        data.reset()
        for batch in data:
            update(batch.data[0])
    assert only(epochs) == [0.0, 0.0, 0.0, 0.0, 1.25, 1.5, 1.75, 2.0]


def test_a_sampler_without_a_length_will_do(epochs: Epochs, update: Trained) -> None:
    def endless() -> Iterator[list[int]]:
        yield from ([0, 1], [2, 3])

    data = gluon.data.DataLoader(
        gluon.data.ArrayDataset(mx.nd.array(IMAGES)), batch_sampler=list(endless())
    )
    data._batch_sampler = endless()
    for x in data:
        update(x)
    assert only(epochs) == [0.0, 0.0]


def test_data_that_comes_from_elsewhere_has_no_epoch(epochs: Epochs, update: Trained) -> None:
    update(mx.nd.array(IMAGES))
    assert only(epochs) == [None]


def test_the_last_epoch_stands_where_the_data_then_comes_from_elsewhere(
    epochs: Epochs, update: Trained
) -> None:
    for x in loader(8):
        update(x)
    update(mx.nd.array(IMAGES))
    assert only(epochs) == [1.0, 1.0]


def test_two_trainings_in_turn_have_their_own_epochs(epochs: Epochs, update: Trained) -> None:
    other = Trained()
    for x in loader(8):
        update(x)
    for _ in range(2):
        for x in loader(8):
            other(x)
    assert epochs.told[id(update.net)] == [1.0]
    assert epochs.told[id(other.net)] == [1.0, 2.0]


def test_nothing_of_it_is_left_when_the_watch_ends() -> None:
    doors = (gluon.data.DataLoader, "__iter__"), (mx.io.DataIter, "__iter__")
    before = [getattr(*door) for door in (*doors, (mx.io.DataIter, "__next__"))]
    watch_trainings(Epochs())()
    assert [getattr(*door) for door in (*doors, (mx.io.DataIter, "__next__"))] == before
