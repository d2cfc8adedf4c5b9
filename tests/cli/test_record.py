"""`vizframe record`: a script that knows nothing of it, alone and recorded."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vizframe.history import History
from vizframe.store import open as open_history

RECORD = ["-m", "vizframe", "record", "--every", "5", "--run", "runs/x"]
QUICK = [*RECORD, "--plugins", "weights"]

SCRIPT = """
    import builtins, sys, time
    import numpy as np
    for name in ("bool", "int", "float", "object", "str", "complex"):
        if name not in vars(np):
            setattr(np, name, getattr(builtins, name))
    import mxnet as mx
    from mxnet import autograd, gluon

    mx.random.seed(3)
    np.random.seed(3)

    def make():
        net = gluon.nn.HybridSequential()
        net.add(
            gluon.nn.Conv2D(4, 3, activation="relu"),
            gluon.nn.BatchNorm(),
            gluon.nn.Dropout(0.5),
            gluon.nn.Dense(3),
        )
        return net

    def main(steps):
        net = make()
        net.initialize(mx.init.Xavier())
        net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
        loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
        for step in range(steps):
            x = mx.nd.array(np.random.rand(20, 1, 8, 8))
            y = mx.nd.array(np.random.randint(0, 3, 20))
            with autograd.record():
                loss = loss_of(net(x), y)
            loss.backward()
            trainer.step(20)
            after(step)
        print(f"{float(loss.mean().asscalar()):.9f}", sys.argv, __name__)
        net.save_parameters(sys.argv[1])

    def after(step):
        pass
    """

END = "\nmain(12)\n"


def write_file(folder: Path, *, changes: str = "", end: str = END, name: str = "train.py") -> Path:
    script = textwrap.dedent(SCRIPT) + textwrap.dedent(changes) + end
    (folder / name).write_text(script)
    return folder


def ran(folder: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def record_run(folder: Path) -> History:
    return open_history(folder / "runs" / "x")


def steps_of(folder: Path) -> list[int]:
    history = record_run(folder)
    try:
        assert history.faults() == []
        return list(history.steps)
    finally:
        history.close()


def test_a_recorded_training_says_the_same_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    write_file(tmp_path)
    alone = ran(tmp_path, "train.py", "w.params")
    weights = (tmp_path / "w.params").read_bytes()
    assert alone[0] == 0
    every_plugin = ["--plugins", "all", "--set", "gradient_ascent.iterations=4"]
    every_plugin += ["--set", "class_visualization.iterations=4"]
    assert ran(tmp_path, *RECORD, *every_plugin, "--", "train.py", "w.params") == alone
    assert (tmp_path / "w.params").read_bytes() == weights
    assert steps_of(tmp_path) == [0, 5, 10, 12]


def test_a_recording_has_the_first_batch_its_labels_and_the_losses(tmp_path: Path) -> None:
    write_file(tmp_path)
    ran(tmp_path, *RECORD, "--", "train.py", "w.params")
    history = record_run(tmp_path)
    probe = history.probe
    assert probe is not None
    generator = np.random.RandomState(3)
    images, labels = generator.rand(20, 1, 8, 8), generator.randint(0, 3, 20)
    np.testing.assert_allclose(probe.images, images[:16], rtol=1e-6)
    assert probe.labels is not None
    assert probe.labels.tolist() == labels[:16].tolist()
    losses = history.scalars().values["loss"]
    assert 0.5 < losses[1] < 3
    assert history.failures() == []
    kinds = {key.kind for key in history.declarations}
    assert {"activation", "weights", "deconvolution", "saliency.gradient"} <= kinds
    history.close()


def test_a_module_is_recorded_like_a_script_and_keeps_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    write_file(tmp_path / "pkg", end="\nmain(6)\nsys.exit(9)\n")
    alone = ran(tmp_path, "-m", "pkg.train", "w.params")
    assert alone[0] == 9
    assert ran(tmp_path, *QUICK, "--", "-m", "pkg.train", "w.params") == alone
    assert steps_of(tmp_path) == [0, 5]


def test_a_script_that_could_not_import_mxnet_alone_can_when_it_is_recorded(
    tmp_path: Path,
) -> None:
    (tmp_path / "train.py").write_text("import mxnet\nprint(mxnet.__version__)\n")
    assert ran(tmp_path, *QUICK, "--", "train.py")[:2] == (0, "1.9.1\n")


FAILING = """
    def after(step):
        if step == 7:
            raise ValueError("out of data")
    """

FAILING_INSIDE = """
    def after(step):
        if step == 7:
            with autograd.record():
                make()(mx.nd.zeros((1, 1, 8, 8)), "too much")
    """


@pytest.mark.parametrize("changes", [FAILING, FAILING_INSIDE])
def test_a_script_that_fails_fails_the_same_and_leaves_its_steps(
    changes: str, tmp_path: Path
) -> None:
    write_file(tmp_path, changes=changes)
    alone = ran(tmp_path, "train.py", "w.params")
    assert alone[0] == 1
    assert ran(tmp_path, *QUICK, "--", "train.py", "w.params") == alone
    assert steps_of(tmp_path) == [0, 5]


WAITING = """
    def after(step):
        if step == 7:
            print("waiting", flush=True)
            time.sleep(60)
    """


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_script_that_is_ended_by_a_signal_dies_of_it_and_leaves_its_steps(
    number: signal.Signals, tmp_path: Path
) -> None:
    write_file(tmp_path, changes=WAITING)
    process = subprocess.Popen(
        [sys.executable, *QUICK, "--", "train.py", "w.params"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == -number
    assert "vizframe" not in said
    assert steps_of(tmp_path) == [0, 5]


def test_recording_again_resumes_the_run_with_its_probe(tmp_path: Path) -> None:
    write_file(tmp_path)
    ran(tmp_path, *QUICK, "--", "train.py", "w.params")
    (tmp_path / "train.py").write_text(
        (tmp_path / "train.py").read_text().replace("seed(3)", "seed(4)")
    )
    code, _, said = ran(tmp_path, *QUICK, "--", "train.py", "w.params")
    assert (code, said) == (0, "")
    assert steps_of(tmp_path) == [0, 5, 10, 12, 15, 20, 24]


LOADED = """
    def main(epochs):
        net = make()
        net.initialize(mx.init.Xavier())
        trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
        x, y = mx.nd.random.uniform(shape=(12, 1, 8, 8)), mx.nd.array([0, 1, 2] * 4)
        loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
        data = gluon.data.DataLoader(gluon.data.ArrayDataset(x, y), batch_size=4)
        for _ in range(epochs):
            for x, y in data:
                with autograd.record():
                    loss = loss_of(net(x), y)
                loss.backward()
                trainer.step(4)
            for x, y in data:
                net(x)
    """


def test_epochs_are_those_of_the_script_s_data_and_go_on_when_it_is_resumed(
    tmp_path: Path,
) -> None:
    write_file(tmp_path, changes=LOADED, end="\nmain(4)\n")
    words = [*QUICK, "--every", "2 epochs", "--", "train.py"]
    assert ran(tmp_path, *words) == (0, "", "")
    assert steps_of(tmp_path) == [0, 6, 12]
    assert ran(tmp_path, *words) == (0, "", "")
    history = record_run(tmp_path)
    assert list(history.steps) == [0, 6, 12, 18, 24]
    np.testing.assert_allclose(history.scalars().epoch, [np.nan, 2, 4, 6, 8])
    history.close()


def test_epochs_of_a_script_whose_data_no_loader_gives_are_asked_for_and_it_trains_on(
    tmp_path: Path,
) -> None:
    words = ["--every", "2 epochs", "--", "train.py", "w.params"]
    code, said = sentence(write_file(tmp_path), *words)
    assert code == 0
    assert said.startswith("every is in epochs, which nobody tells")
    assert (tmp_path / "w.params").exists()


def test_strict_stops_the_script_at_what_is_asked_for_wrongly(tmp_path: Path) -> None:
    words = ["--every", "2 epochs", "--strict", "--", "train.py", "w.params"]
    code, said = sentence(write_file(tmp_path), *words)
    assert code == 2
    assert said.startswith("every is in epochs, which nobody tells")
    assert not (tmp_path / "w.params").exists()


def test_a_file_sets_the_options(tmp_path: Path) -> None:
    write_file(tmp_path)
    (tmp_path / "vizframe.toml").write_text(
        'every = 6\nplugins = ["kernels=weights"]\n[set.kernels]\nchange = false\n'
    )
    ran(tmp_path, "-m", "vizframe", "record", "--", "train.py", "w.params")
    history = open_history(tmp_path / "runs" / "train")
    assert list(history.steps) == [0, 6, 12]
    assert {key.label for key in history.declarations} == {"kernels"}
    history.close()


def test_a_folder_of_images_can_be_the_probe(tmp_path: Path) -> None:
    write_file(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "README").write_text("not an image")
    for number, grey in enumerate([0, 255]):
        Image.new("RGB", (30, 20), (grey, grey, grey)).save(tmp_path / "images" / f"{number}.png")
    ran(tmp_path, *QUICK, "--probe", "images/", "--", "train.py", "w.params")
    history = record_run(tmp_path)
    probe = history.probe
    assert probe is not None
    assert (probe.images.shape, tuple(probe.names)) == ((2, 1, 8, 8), ("0.png", "1.png"))
    assert [float(image.mean()) for image in probe.images] == pytest.approx([0, 1])
    history.close()


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
    code, _, said = ran(folder, *RECORD, *words)
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
    code, _, said = ran(tmp_path, *RECORD, *words)
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
    code, _, said = ran(tmp_path, *QUICK, "--", "train.py", "w.params")
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
    shown = ran(tmp_path, "-m", "vizframe", "show", "runs/x")[1]
    assert "trained beside it: x-2 (Rival)" in " ".join(shown.split())


@pytest.mark.parametrize("pattern", ["Rival", "riv*"])
def test_of_several_nets_the_wanted_is_recorded(pattern: str, tmp_path: Path) -> None:
    write_file(tmp_path, changes=RIVALS)
    code, _, said = ran(tmp_path, *QUICK, "--net", pattern, "--", "train.py", "w.params")
    told = LEFT_OUT.format("hybridsequential0", "HybridSequential", pattern)
    assert (code, said) == (0, told)
    assert steps_of(tmp_path) == [0, 5, 6]
    assert not (tmp_path / "runs" / "x-2").exists()


def test_a_net_that_is_not_trained_is_named_with_those_that_are(tmp_path: Path) -> None:
    write_file(tmp_path, changes=RIVALS)
    code, _, said = ran(tmp_path, *QUICK, "--net", "Critic", "--", "train.py", "w.params")
    assert (code, said) == (
        0,
        LEFT_OUT.format("hybridsequential0", "HybridSequential", "Critic")
        + LEFT_OUT.format("rival", "Rival", "Critic")
        + "vizframe: nothing was recorded: net is 'Critic'; it can be 'hybridsequential0', "
        "'rival'\n",
    )


def test_a_script_without_a_training_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('nothing to learn')")
    code, out, said = ran(tmp_path, *RECORD, "--", "train.py")
    assert (code, out) == (0, "nothing to learn\n")
    assert said.startswith("vizframe: nothing was recorded: the script made no update")
