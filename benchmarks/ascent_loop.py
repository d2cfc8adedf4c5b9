"""What the ascent's loop adds to the forward and backward passes that it is made of.

    python -m benchmarks.ascent_loop [--quick] [--cpu] [--floor] [conv2_2 …] [--preset lucid …]

Bare is the compiled graph alone, run as often: no update, no regulariser. The loop is vizframe's
whole climb. Both run on the same batch, round by round in turn.

    features    the graph up to what the unit's kernel reads, without objective
    question    the graph that is climbed: each image's own kernel, its value, its gradient
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, cast

import numpy as np

from benchmarks.clock import now
from benchmarks.command import command_line, one_of
from benchmarks.side_by_side import claim
from vizframe.ascent.climb import climb
from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.noise import noise
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.presets import PRESETS
from vizframe.ascent.recipe import parameterisation, parts
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.question.compiled import CompiledGraph, compile_graph
from vizframe.gluon.question.excitation import GluonExcitation
from vizframe.network import Network, Objective
from vizframe.network.probe import Normalization

IMAGENET = Pixels.of(Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), 3)
GREY = Pixels.of(Normalization(), 1)


@dataclass(frozen=True)
class Case:
    """A layer, how many of its units are climbed at once, for so many iterations, and at most how
    many times as long as the bare passes that may take."""

    title: str
    network: Network
    layer: str
    pixels: Pixels
    units: int
    iterations: int
    goal: str


def build_view(net: Any, shape: tuple[int, ...]) -> Network:
    """A view of the net with random weights."""
    net.initialize(mx.init.MSRAPrelu(slope=0))
    net(mx.nd.zeros((1, *shape)))
    mx.nd.waitall()
    return GluonNetwork.of(net, shape)


LAYERS = "conv2_2", "conv3_3", "conv2", "classes"


def lenet() -> Any:
    """LeCun et al. 1998 with ReLUs: what people train on MNIST."""
    nn = mx.gluon.nn
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(20, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(50, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Dense(500, activation="relu"),
        nn.Dense(10),
    )
    return net


def cases(chosen: Sequence[str]) -> list[Case]:
    """Those of that name; all of them where none is chosen."""
    found = []
    if not chosen or {"conv2_2", "conv3_3"} & set(chosen):
        vgg = build_view(mx.gluon.model_zoo.vision.vgg16(), (3, 224, 224))
        found.append(Case("VGG-16 conv2_2", vgg, "features.7", IMAGENET, 64, 200, "≤ 1.15"))
        found.append(Case("VGG-16 conv3_3", vgg, "features.14", IMAGENET, 32, 60, "≤ 1.15"))
    if not chosen or {"conv2", "classes"} & set(chosen):
        small = build_view(lenet(), (1, 28, 28))
        found.append(Case("LeNet conv2", small, "2", GREY, 50, 300, "≤ 1.3"))
        found.append(Case("LeNet classes", small, "5", GREY, 10, 300, "≤ 1.3"))
    return [each for each in found if not chosen or each.title.split()[-1] in chosen]


def ratio(case: Case, preset: str, rounds: int) -> tuple[float, float, float]:
    """(milliseconds of a bare iteration of the question, the climb's time over the question's, and
    over the features')."""
    recipe = replace(PRESETS[preset], iterations=case.iterations)
    objective = Objective.of(case.network.layer(case.layer).name, range(case.units))
    with case.network.excitation(objective) as opened:
        asked = cast(GluonExcitation, opened)
        features = bare_graph(cast(GluonNetwork, case.network), asked)
        canvas = parameterisation(recipe, opened.ops, case.pixels, opened.shape, 0)
        start = canvas.start(noise(0, range(case.units), opened.shape[1:]))
        opened.evaluate(canvas.picture(start))
        features.inputs["data"][:] = opened.ops.to_numpy(canvas.picture(start))
        gradient = mx.nd.ones_like(features.forward(training=True)[0])

        def bare() -> None:
            for _ in range(case.iterations):
                features.forward(training=True)
                features.backward([gradient])

        def question() -> None:
            for _ in range(case.iterations):
                asked._compiled.forward(training=True)
                asked._compiled.backward(asked._output_gradient.gradients)

        def loop() -> None:
            made = parts(recipe, opened, objective, case.pixels)
            climb(made, start, case.iterations)

        ways = bare, question, loop
        [seconds(each) for each in ways]
        times = [[seconds(each) for each in ways] for _ in range(rounds)]
    alone = median(needed for _, needed, _ in times) / case.iterations
    over_question = median(climbed / needed for _, needed, climbed in times)
    return 1000 * alone, over_question, median(climbed / least for least, _, climbed in times)


def floor(case: Case, idle: float, rounds: int) -> float:
    """Passes between which nothing is done but to wait for the gradient and for ``idle`` seconds,
    over bare passes: what a loop pays to MXNet's engine, whose thread falls asleep meanwhile."""
    objective = Objective.of(case.network.layer(case.layer).name, range(case.units))
    with case.network.excitation(objective) as opened:
        asked = cast(GluonExcitation, opened)
        start = noise(0, range(case.units), opened.shape[1:])
        opened.evaluate(opened.ops.to_device(start))
        (gradient,) = asked._compiled.gradients.values()

        def once() -> None:
            asked._compiled.evaluate()
            asked._compiled.pull_back(asked._output_gradient.gradients)

        def bare() -> None:
            for _ in range(case.iterations):
                once()

        def idling() -> None:
            for _ in range(case.iterations):
                once()
                gradient.wait_to_read()
                until = now() + idle
                while now() < until:
                    pass

        [seconds(each) for each in (bare, idling)]
        return median(seconds(idling) / seconds(bare) for _ in range(rounds))


def bare_graph(network: GluonNetwork, excitation: GluonExcitation) -> CompiledGraph:
    """The features before the last kernel, from images of the excitation's shape. The graph on its
    own is nothing that plugins may ask for."""
    graph = excitation._plan.graph
    features = graph.nodes[graph.heads[-1][0]].inputs[0]
    shapes = {"data": excitation.shape}
    arrays, context = network._parameters.arrays(), network._parameters.context
    return compile_graph(graph.with_heads([features]), arrays, shapes, ("data",), context)


def seconds(run: Callable[[], None]) -> float:
    mx.nd.waitall()
    start = now()
    run()
    mx.nd.waitall()
    return now() - start


def whole_layer(case: Case) -> float:
    """Seconds for Yosinski's third preset on all 64 units, 100 iterations, compiling included."""
    recipe = replace(PRESETS["yosinski-3"], iterations=100)
    question = Question(case.network.layer(case.layer), recipe, case.pixels)
    start = now()
    ascend(case.network, question, range(64))
    return now() - start


def main() -> None:
    words = command_line(__doc__, clock=True)
    words.add_argument("--quick", action="store_true", help="Fewer rounds.")
    layers = ", ".join(LAYERS)
    words.add_argument("layers", nargs="*", type=one_of(LAYERS), help=f"Of {layers}; or all.")
    words.add_argument("--preset", nargs="*", default=list(PRESETS), choices=list(PRESETS))
    words.add_argument("--floor", action="store_true", help="What a loop of nothing costs.")
    given = words.parse_args()
    rounds = 3 if given.quick else 7
    np.random.seed(0)
    for case in cases(given.layers):
        if given.floor:
            found = {idle: floor(case, 1e-6 * idle, rounds) for idle in (0, 50, 100)}
            told = ", ".join(f"{idle} µs {over:.2f} ×" for idle, over in found.items())
            print(f"{case.title}, a loop that waits, and then does nothing for {told}")
            continue
        if case.title.endswith("conv2_2"):
            whole = "Yosinski 3, 64 units of VGG-16 conv2_2, 100 iterations"
            claim(whole, whole_layer(case), "≤ 20", "s")
        for preset in given.preset:
            if preset == "lucid" and case.pixels is GREY:  # it is about colours
                continue
            alone, over, features = ratio(case, preset, rounds)
            what = f"{case.title}, {preset}, bare {alone:.2f} ms ({features:.2f} over features)"
            claim(what, over, case.goal)


if __name__ == "__main__":
    main()
