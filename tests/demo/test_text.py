"""The demo's text, and the network that reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vizframe.demo.demo import recorder, start_reading
from vizframe.demo.digits import Training
from vizframe.demo.tasks import TASKS
from vizframe.demo.text import PROBE_TOKENS, UNKNOWN, Text, python_source
from vizframe.errors import UsageError
from vizframe.network import FloatArray
from vizframe.store import RunCatalog


@pytest.fixture(scope="module")
def text() -> Text:
    return python_source(("textwrap", "shlex"))


def test_the_text_is_source_that_python_came_with_and_a_module_is_held_out(text: Text) -> None:
    import textwrap

    assert textwrap.__doc__ is not None
    assert textwrap.__doc__.strip() in "".join(text.written(text.learnt))
    assert "class shlex" in "".join(text.written(text.held_out))
    assert text.vocabulary[0] == UNKNOWN


def test_the_probe_is_texts_whose_tokens_are_their_numbers(text: Text) -> None:
    probe = text.probe()
    assert probe.noun == "text"
    assert [len(each) for each in probe.tokens] == [PROBE_TOKENS, PROBE_TOKENS]
    first = probe.images[0].astype(int)
    assert tuple(text.vocabulary[number] for number in first) == probe.tokens[0]


def test_a_python_without_the_source_says_so() -> None:
    with pytest.raises(UsageError) as raised:
        python_source(("sys",))
    assert "source of Python's module 'sys', which this Python came without" in str(raised.value)
    assert "it can be 'digits'" in str(raised.value)


@pytest.mark.parametrize("framework", ["mxnet", "torch"])
def test_the_network_learns_to_foretell_characters(text: Text, framework: str) -> None:
    training = start_reading(framework, text)
    before = training.accuracy()
    for _ in range(40):
        training.step()
    assert before < 0.1
    assert training.accuracy() > 0.15
    assert training.outcome().endswith("bits a character")
    assert training.epoch == 40 * 32 * 64 / len(text.learnt)


@pytest.mark.parametrize("framework", ["mxnet", "torch"])
def test_two_trainings_of_one_seed_are_the_same(text: Text, framework: str) -> None:
    def trained() -> Training:
        training = start_reading(framework, text)
        for _ in range(2):
            training.step()
        return training

    assert trained().outcome() == trained().outcome()
    for one, other in zip(weights_of(trained()), weights_of(trained()), strict=True):
        np.testing.assert_array_equal(one, other)


def weights_of(training: Training) -> list[FloatArray]:
    if hasattr(training.net, "collect_params"):
        return [each.data().asnumpy() for each in training.net.collect_params().values()]
    return [each.detach().numpy() for each in training.net.parameters()]


def test_pytorch_s_reader_is_recorded_with_time_called_time(text: Text, tmp_path: Path) -> None:
    training = start_reading("torch", text)
    with recorder(training, tmp_path / "run", "1", TASKS["text"]) as recording:
        recording.step(loss=training.step())
    history = RunCatalog(tmp_path).open("run")
    assert (history.faults(), history.failures()) == ([], [])
    axes = {layer.name: layer.axes for layer in history.info.layers}
    assert axes == dict.fromkeys(("embedding", "lstm", "scores"), ("time", "unit"))
    assert {key.label for key in history.declarations} == {"recurrent", "prediction"}
    history.close()
