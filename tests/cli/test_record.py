"""`vizframe record`: a script that knows nothing of it, alone and recorded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.recorded_script import QUICK, RECORD, record_run, steps_of, write_file
from tests.cli.test_record_nets import sentence
from tests.warm_python import python, started
from vizframe.store import open as open_history


def fresh(folder: Path, *words: str) -> tuple[int, str, str]:
    """Python, started as a user does, with more than one thread to compute."""
    threads = {**os.environ, "OMP_NUM_THREADS": "2"}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=folder, env=threads, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_a_recorded_training_says_the_same_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    write_file(tmp_path)
    alone = fresh(tmp_path, "train.py", "w.params")
    weights = (tmp_path / "w.params").read_bytes()
    assert alone[0] == 0
    every_plugin = ["--plugins", "all", "--set", "gradient_ascent.iterations=4"]
    every_plugin += ["--set", "class_visualization.iterations=4", "--set", "perturbation.masks=20"]
    assert fresh(tmp_path, *RECORD, *every_plugin, "--", "train.py", "w.params") == alone
    assert (tmp_path / "w.params").read_bytes() == weights
    assert steps_of(tmp_path) == [0, 5, 10, 12]


def test_a_recording_has_the_first_batch_its_labels_and_the_losses(tmp_path: Path) -> None:
    write_file(tmp_path)
    python(tmp_path, *RECORD, "--", "train.py", "w.params")
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
    alone = python(tmp_path, "-m", "pkg.train", "w.params")
    assert alone[0] == 9
    assert python(tmp_path, *QUICK, "--", "-m", "pkg.train", "w.params") == alone
    assert steps_of(tmp_path) == [0, 5]


def test_a_script_that_could_not_import_mxnet_alone_can_when_it_is_recorded(
    tmp_path: Path,
) -> None:
    (tmp_path / "train.py").write_text("import mxnet\nprint(mxnet.__version__)\n")
    assert fresh(tmp_path, *QUICK, "--", "train.py")[:2] == (0, "1.9.1\n")


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
    alone = python(tmp_path, "train.py", "w.params")
    assert alone[0] == 1
    assert python(tmp_path, *QUICK, "--", "train.py", "w.params") == alone
    assert steps_of(tmp_path) == [0, 5]


WAITING = """
    def after(step):
        if step == 7:
            print("waiting", flush=True)
            time.sleep(60)
    """


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_script_that_is_ended_by_a_signal_dies_of_it_and_leaves_its_steps(
    number: signal.Signals, tmp_path: Path
) -> None:
    write_file(tmp_path, changes=WAITING)
    with started(tmp_path, *QUICK, "--", "train.py", "w.params") as child:
        child.wait_for("waiting")
        os.kill(child.pid, number)
        code, _, said = child.wait()
    assert code == -number
    assert "vizframe" not in said
    assert steps_of(tmp_path) == [0, 5]


def test_a_script_that_is_interrupted_dies_of_it_and_leaves_its_steps(tmp_path: Path) -> None:
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
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert "vizframe" not in said
    assert steps_of(tmp_path) == [0, 5]


def test_recording_again_resumes_the_run_with_its_probe(tmp_path: Path) -> None:
    write_file(tmp_path)
    python(tmp_path, *QUICK, "--", "train.py", "w.params")
    (tmp_path / "train.py").write_text(
        (tmp_path / "train.py").read_text().replace("seed(3)", "seed(4)")
    )
    code, _, said = python(tmp_path, *QUICK, "--", "train.py", "w.params")
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
    assert python(tmp_path, *words) == (0, "", "")
    assert steps_of(tmp_path) == [0, 6, 12]
    assert python(tmp_path, *words) == (0, "", "")
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
    python(tmp_path, "-m", "vizframe", "record", "--", "train.py", "w.params")
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
    python(tmp_path, *QUICK, "--probe", "images/", "--", "train.py", "w.params")
    history = record_run(tmp_path)
    probe = history.probe
    assert probe is not None
    assert (probe.images.shape, tuple(probe.names)) == ((2, 1, 8, 8), ("0.png", "1.png"))
    assert [float(image.mean()) for image in probe.images] == pytest.approx([0, 1])
    history.close()


def test_a_dry_run_tells_what_recording_would_cost_and_ends_before_the_first_update(
    tmp_path: Path,
) -> None:
    write_file(tmp_path)
    code, output, errors = python(tmp_path, *RECORD, "--dry-run", "--", "train.py", "w.params")
    assert code == 0
    assert "nothing is recorded" in errors
    assert "deconvolution" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "w.params").exists()
    assert not list(tmp_path.glob("runs/*"))
    assert "loss" not in output


def test_a_dry_run_that_cannot_tell_fails_and_does_not_train(tmp_path: Path) -> None:
    write_file(tmp_path)
    words = (*RECORD, "--dry-run", "--layers", "nothing", "--", "train.py", "w.params")
    code, _, errors = python(tmp_path, *words)
    assert code == 1
    assert "nothing can be foretold" in errors
    assert not (tmp_path / "w.params").exists()
