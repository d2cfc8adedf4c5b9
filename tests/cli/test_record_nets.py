"""Mistakes, nets without a graph, and scripts that train several nets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.recorded_script import QUICK, RECORD, record_run, steps_of, write_file
from tests.warm_python import python
from vizframe.store import open as open_history

PLAIN = """
    class Net(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.dense = gluon.nn.Dense(3)

        def hybrid_forward(self, F, x):
            return self.dense(x) if x.shape[1] == 1 else x

    def make():
        net = Net()
        net.hybridize = lambda *_: None
        return net
    """


def sentence(folder: Path, *words: str) -> tuple[int, str]:
    code, _, said = python(folder, *RECORD, *words)
    assert said.startswith("vizframe: ")
    assert said.count("\n") == 1
    return code, said.removeprefix("vizframe: ").strip()


@pytest.mark.parametrize(
    ("options", "start"),
    [
        (["--plugins", "wieghts"], "plugin 'wieghts' is not known; it can be 'weights', "),
        (["--set", "weights.colums=3"], "weights has no parameter 'colums'; it can be 'columns'"),
        (["--set", "weights.inputs=0"], "weights: inputs is 0; it can be 1 or more"),
        (["--every", "often"], "every is 'often'; it can be a number of steps"),
        (["--budget", "much"], "budget is 'much'; it can be a percentage"),
        (["--keep", "some"], "keep is 'some'; it can be 'all', a number such as 5"),
        (["--max-size", "big"], "max_size is 'big'; it can be a number of bytes with a unit"),
        (["--memory", "much"], "memory is 'much'; it can be a number of bytes with a unit"),
    ],
)
def test_a_mistake_is_named_before_the_script_runs(
    options: list[str], start: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text("print('ran')")
    code, said = sentence(tmp_path, *options, "--", "train.py")
    assert (code, said[: len(start)]) == (2, start)


def test_a_mistake_that_only_the_net_shows_is_said_and_the_script_trains_on(
    tmp_path: Path,
) -> None:
    code, said = sentence(write_file(tmp_path), "--layers", "conv9", "--", "train.py", "w.params")
    assert code == 0
    assert said.startswith("layer 'conv9' is not known; it can be ")
    assert said.endswith("; training goes on without the recording")
    assert (tmp_path / "w.params").exists()
    assert not (tmp_path / "runs" / "x").exists()


def test_a_net_that_cannot_be_traced_is_recorded_as_far_as_hooks_reach(tmp_path: Path) -> None:
    write_file(tmp_path, changes=PLAIN)
    words = ["--plugins", "activation,weights", "--", "train.py", "w.params"]
    code, _, said = python(tmp_path, *RECORD, *words)
    assert (code, said) == (0, "")
    history = record_run(tmp_path)
    assert {str(key) for key in history.declarations} >= {"activation of dense", "weights of dense"}
    history.close()


RIVALS = """
    class Rival(gluon.nn.HybridSequential):
        pass

    def after(step):
        if step % 2:
            rival = rivals[0]
            with autograd.record():
                lost = rival(mx.nd.ones((2, 3))).sum()
            lost.backward()
            rivals[1].step(2)

    rival = Rival(prefix="rival_")
    rival.add(gluon.nn.Dense(2))
    rival.initialize()
    rivals = rival, gluon.Trainer(rival.collect_params(), "sgd")
    """


LEFT_OUT = (
    "vizframe: {0!r} is trained and not recorded: net is {2!r}; for this one it can be {0!r} or "
    "{1!r}\n"
)


def test_every_net_that_a_script_trains_has_a_run_of_one_group(tmp_path: Path) -> None:
    write_file(tmp_path, changes=RIVALS)
    code, _, said = python(tmp_path, *QUICK, "--", "train.py", "w.params")
    assert (code, said) == (0, "")
    infos = []
    for name, steps in (("x", [0, 5, 10, 12]), ("x-2", [0, 5, 6])):
        history = open_history(tmp_path / "runs" / name)
        assert list(history.steps) == steps
        infos.append(history.info)
        history.close()
    assert infos[0].group == infos[1].group != ""
    nets = [info.hyper_parameters["net"] for info in infos]
    assert nets == ["hybridsequential0", "rival"]
    shown = python(tmp_path, "-m", "vizframe", "show", "runs/x")[1]
    assert "trained beside it: x-2 (Rival)" in " ".join(shown.split())


@pytest.mark.parametrize("pattern", ["Rival", "riv*"])
def test_of_several_nets_the_wanted_is_recorded(pattern: str, tmp_path: Path) -> None:
    write_file(tmp_path, changes=RIVALS)
    code, _, said = python(tmp_path, *QUICK, "--net", pattern, "--", "train.py", "w.params")
    told = LEFT_OUT.format("hybridsequential0", "HybridSequential", pattern)
    assert (code, said) == (0, told)
    assert steps_of(tmp_path) == [0, 5, 6]
    assert not (tmp_path / "runs" / "x-2").exists()


def test_a_net_that_is_not_trained_is_named_with_those_that_are(tmp_path: Path) -> None:
    write_file(tmp_path, changes=RIVALS)
    code, _, said = python(tmp_path, *QUICK, "--net", "Critic", "--", "train.py", "w.params")
    assert (code, said) == (
        0,
        LEFT_OUT.format("hybridsequential0", "HybridSequential", "Critic")
        + LEFT_OUT.format("rival", "Rival", "Critic")
        + "vizframe: nothing was recorded: net is 'Critic'; it can be 'hybridsequential0', "
        "'rival'\n",
    )


def test_a_script_without_a_training_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('nothing to learn')")
    code, out, said = python(tmp_path, *RECORD, "--", "train.py")
    assert (code, out) == (0, "nothing to learn\n")
    assert said.startswith("vizframe: nothing was recorded: the script made no update")
