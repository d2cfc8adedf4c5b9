"""`vizframe record --checkpoints`: a history from the files that a training has left."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.warm_python import python
from vizframe.demo.demo import MODELS
from vizframe.errors import NetworkError, UsageError
from vizframe.history import SeriesKey
from vizframe.recording.config import Config
from vizframe.recording.from_checkpoints import Rendering
from vizframe.store import open as open_history

NETS = """
    import vizframe
    import mxnet as mx
    import numpy as np

    def net():
        net = mx.gluon.nn.HybridSequential()
        net.add(mx.gluon.nn.Conv2D(4, 3, activation="relu"), mx.gluon.nn.Dense(3))
        return net

    def net_and_batch():
        return net(), mx.nd.array(np.random.RandomState(1).rand(5, 1, 8, 8))

    def words():
        return "a net"
    """

TRAIN = """
    from nets import mx, net_and_batch, vizframe

    mx.random.seed(3)
    net, batch = net_and_batch()
    net.initialize()
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    given = {"every": 2, "plugins": ["weights", "activation"], "probe": batch.asnumpy()}
    with vizframe.Recorder(net, "runs/live", **given) as r:
        for step in range(1, 7):
            with mx.autograd.record():
                loss = (net(batch) ** 2).mean()
            loss.backward()
            trainer.step(1)
            r.step()
            if step % 2 == 0:
                net.save_parameters(f"ckpt-{step:04}.params")
    """

FROM = [
    "-m",
    "vizframe",
    "record",
    "--checkpoints",
    "ckpt-*.params",
    "--plugins",
    "weights,activation",
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a training's checkpoints of steps 2, 4 and 6, and its run."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "nets.py").write_text(textwrap.dedent(NETS))
    (folder / "train.py").write_text(textwrap.dedent(TRAIN))
    assert python(folder, "train.py") == (0, "", "")
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def draw_noise(run: Path) -> dict[int, bytes]:
    """What the first convolution's kernels and activations were drawn as, by step."""
    history = open_history(run)
    try:
        keys = [SeriesKey(label=label, layer="0") for label in ("weights", "activation")]
        return {
            step: b"".join(history.tiles(key, step).stored.tobytes() for key in keys)
            for step in history.steps
        }
    finally:
        history.close()


def test_checkpoints_give_the_history_that_the_training_would_have_recorded(folder: Path) -> None:
    words = ["--model", "nets:net_and_batch", "--run", "runs/after"]
    assert python(folder, *FROM, *words) == (0, "3 checkpoints recorded to runs/after\n", "")
    live, after = draw_noise(folder / "runs/live"), draw_noise(folder / "runs/after")
    assert list(after) == [2, 4, 6]
    assert after == {step: live[step] for step in after}


def test_images_can_be_the_probe_of_checkpoints_and_new_ones_are_added(folder: Path) -> None:
    (folder / "images").mkdir()
    Image.new("L", (20, 20), 255).save(folder / "images" / "white.png")
    (folder / "ckpt-0006.params").rename(folder / "later")
    words = ["--model", "nets.py:net", "--run", "runs/x", "--probe", "images", "--shape", "1,8,8"]
    assert python(folder, *FROM, *words)[:2] == (0, "2 checkpoints recorded to runs/x\n")
    (folder / "later").rename(folder / "ckpt-0006.params")
    assert python(folder, *FROM, *words)[:2] == (0, "1 checkpoint recorded to runs/x\n")
    assert list(draw_noise(folder / "runs/x")) == [2, 4, 6]
    code, _, said = python(folder, *FROM, *words)
    assert (code, said) == (
        2,
        "vizframe: checkpoints is 'ckpt-*.params', which names no file after step 6, which runs/x "
        "has\n",
    )


def test_a_checkpoint_that_cannot_be_read_is_passed_over(folder: Path) -> None:
    (folder / "ckpt-0004.params").write_bytes(b"torn")
    words = ["--model", "nets:net_and_batch", "--run", "runs/x"]
    code, said, told = python(folder, *FROM, *words)
    assert (code, said) == (0, "2 checkpoints recorded to runs/x\n")
    assert told.startswith(
        "vizframe: checkpoint 'ckpt-0004.params' cannot be loaded into the model: "
    )
    assert told.endswith("; it is passed over, as are others like it\n")
    assert list(draw_noise(folder / "runs/x")) == [2, 6]


def test_checkpoints_are_followed_until_ctrl_c(folder: Path) -> None:
    (folder / "ckpt-0006.params").rename(folder / "later")
    words = [*FROM, "--model", "nets:net_and_batch", "--run", "runs/x", "--follow"]
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )

    def wait_for(step: int) -> None:
        deadline = time.monotonic() + 60
        while not list((folder / "runs/x").glob(f"*.t*-{step:012}.h5")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)

    wait_for(4)
    (folder / "later").rename(folder / "ckpt-0006.params")
    wait_for(6)
    process.send_signal(signal.SIGINT)
    said, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said == "\nEnded. Look with: vizframe serve runs\n"
    assert told.startswith("vizframe: waiting for ckpt-*.params, recording to runs/x")
    assert list(draw_noise(folder / "runs/x")) == [2, 4, 6]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "checkpoints need their network: --model pkg.module:function"),
        (["--model", "nets:net", "--", "train.py"], "a script and checkpoints cannot be recorded"),
        (["--model", "nets:net", "--shape", "8x8"], "shape is '8x8'; it can be the sizes of one"),
        (["--model", "nets:net"], "checkpoints come without images; give some: --probe images/"),
        (
            ["--model", "nets:words"],
            "the model's function gave a str; it can give a network of mxnet",
        ),
        (["--model", "nets:net", "--every", "2 epochs"], "every is in epochs, and checkpoints"),
        (["--model", "nets:nett"], "function 'nett' is not known; it can be 'net'"),
    ],
)
def test_what_checkpoints_cannot_be_recorded_with_is_named(
    words: list[str], sentence: str, folder: Path
) -> None:
    code, out, said = python(folder, *FROM, "--run", "runs/x", *words)
    assert (code, out) == (2, "")
    assert said.startswith(f"vizframe: {sentence}")
    assert said.count("\n") == 1


def test_without_checkpoints_their_options_mean_nothing(tmp_path: Path) -> None:
    code, _, said = python(tmp_path, "-m", "vizframe", "record", "--follow", "--", "train.py")
    assert (code, said) == (
        2,
        "vizframe: --model and --follow are for --checkpoints, which is missing\n",
    )


def test_a_pattern_that_names_nothing_is_told(tmp_path: Path) -> None:
    code, _, said = python(tmp_path, *FROM, "--model", "nets:net")
    assert (code, said) == (
        2,
        "vizframe: checkpoints is 'ckpt-*.params', which names no file\n",
    )


def test_the_same_images_are_given_to_every_checkpoint(folder: Path) -> None:
    python(folder, *FROM, "--model", "nets:net_and_batch", "--run", "runs/x")
    history = open_history(folder / "runs/x")
    probe = history.probe
    history.close()
    assert probe is not None
    expected = np.random.RandomState(1).rand(5, 1, 8, 8)
    np.testing.assert_allclose(probe.images, expected, rtol=1e-6)


def test_a_dry_run_tells_what_checkpoints_would_cost_and_writes_nothing(folder: Path) -> None:
    shutil.copy(folder / "train.py", folder / "ckpt-0001.params")  # no checkpoint: passed over
    before = sorted(folder.rglob("*"))
    words = ["--model", "nets:net", "--shape", "1,8,8", "--run", "runs/x", "--dry-run"]
    code, output, errors = python(folder, *FROM, *words)
    assert (code, errors) == (0, "")
    assert "nothing is recorded" in output
    assert "(a run: 4 recordings)" in output
    assert [line.split()[0] for line in output.splitlines()[2:-1]] == ["weights", "activation"]
    after = [each for each in sorted(folder.rglob("*")) if "__pycache__" not in each.parts]
    assert after == [each for each in before if "__pycache__" not in each.parts]


def test_a_dry_run_of_a_run_that_exists_counts_what_it_lacks_and_sees_its_images(
    folder: Path,
) -> None:
    (folder / "ckpt-0006.params").rename(folder / "later")
    words = ["--model", "nets:net_and_batch", "--run", "runs/x"]
    assert python(folder, *FROM, *words)[0] == 0
    (folder / "later").rename(folder / "ckpt-0006.params")
    again = ["--model", "nets:net", "--run", "runs/x", "--dry-run"]
    code, output, _ = python(folder, *FROM, *again)
    assert code == 0
    assert "5 probe images" in output
    assert "(a run: 1 recording)" in output


def test_of_files_that_fit_nothing_nothing_is_foretold(tmp_path: Path) -> None:
    (tmp_path / "ckpt-0001.params").write_text("no parameters")
    wanted = Rendering(str(tmp_path / "*.params"), MODELS["mxnet"], (1, 28, 28))
    with pytest.raises(NetworkError, match=r"^no checkpoint fits the model, so nothing can be"):
        wanted.foretell(None, Config())
    with pytest.raises(UsageError, match=r"^checkpoints is '.*x', which names no file$"):
        replace(wanted, pattern=str(tmp_path / "x")).foretell(None, Config())
