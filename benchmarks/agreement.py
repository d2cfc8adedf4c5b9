"""Every explanation that Captum, pytorch-grad-cam and zennit have, beside ours on both frameworks,
and beside ours read back from a history.

`python -m benchmarks.agreement [--write]`: the same weights in MXNet and PyTorch, a residual net
with BatchNorm on 16 images. `--write` writes the table of docs/agreement.md.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import vizframe
import vizframe.store
from benchmarks.agreement_net import IMAGES, gluon_net, torch_net
from benchmarks.agreement_others import EPSILON, references
from benchmarks.command import command_line
from vizframe.errors import PluginError, VizframeError
from vizframe.gluon.network import GluonNetwork
from vizframe.history import Declaration, StepRecord
from vizframe.network import Network
from vizframe.network.layer import select
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.perturbation import Perturbation
from vizframe.plugins.relevance import Composite, Relevance
from vizframe.plugins.saliency import Saliency
from vizframe.recording.declare import declaration
from vizframe.testing.runs import fake_info
from vizframe.torch.view import view

Values = npt.NDArray[Any]

GOAL = 1e-5
PAGE = Path(__file__).parents[1] / "docs" / "agreement.md"
BEGIN, END = "<!-- written by `python -m benchmarks.agreement --write` -->", "<!-- end -->"

COMPOSITES: tuple[Composite, ...] = ("epsilon_plus", "epsilon_plus_flat", "epsilon_gamma_box")


@dataclass(frozen=True)
class Row:
    """One method: relative differences, None where a framework has not got it."""

    method: str
    library: str
    mxnet: float | None
    torch: float | None
    history: str


def plugins() -> Iterator[tuple[str, Plugin]]:
    """What makes our side; labels tell the composites apart."""
    methods = (
        "gradient", "gradient_input", "guided", "integrated", "occlusion",
        "grad_cam", "hires_cam", "layer_cam", "xgrad_cam",
    )  # fmt: skip
    yield "saliency", Saliency(methods=methods, steps=8, square=8, stride=4)
    yield "perturbation", Perturbation(methods=("score_cam",))
    for name in COMPOSITES:
        # An ε of 1e-6 beside a unit of 1e-4 makes single precision's last bits visible, in both.
        yield f"relevance_{name}", Relevance(composite=name, epsilon=EPSILON)


def frames(network: Network) -> Iterator[tuple[str, Declaration, Frame]]:
    """Our frames by the method's name, the maps' layer being the last one of `references`."""
    named = select(network.layers, ["*"])
    maps = [layer for layer in named if layer.is_spatial]
    probe = Probe(IMAGES, normalization=Normalization(low=-4.0, high=4.0))
    first, last = maps[0], maps[-2]
    scene = Scene(network, (first, last), probe)
    for label, plugin in plugins():
        own = Scene(network, (first,), probe) if label == "perturbation" else scene
        try:
            for frame in plugin.visualize(own):
                if frame.part.endswith("cam") and label == "saliency" and frame.layer != last.name:
                    continue
                name = frame.part or label
                yield name, declaration(label, plugin, frame), frame
        except PluginError as error:
            print(f"{label}: {error}")


def difference(found: Values, wanted: Values) -> float:
    """The greatest difference of an image over its greatest value, over all images."""
    axes = tuple(range(1, wanted.ndim))
    largest = np.abs(wanted).max(axis=axes)
    away = np.abs(found.astype(np.float64) - wanted).max(axis=axes)
    return float((away[largest > 0] / largest[largest > 0]).max())


def through_history(declared: Declaration, frame: Frame) -> str:
    """What the history changes: in steps of its encoding, and of the sum where that is kept."""
    with tempfile.TemporaryDirectory() as folder:
        with vizframe.store.create(Path(folder) / "run", fake_info()) as store:
            store.commit(StepRecord(0, [(declared, frame)]))
        with vizframe.open(Path(folder) / "run", xarray=False) as run:
            back = np.asarray(run[declared.key.kind, declared.key.layer].at().values)
    exact, axes = np.asarray(frame.values, np.float64), tuple(range(1, frame.values.ndim))
    if declared.encoding == "float16":
        total = np.abs(exact).sum(axis=axes)
        lost = np.abs((back - exact).sum(axis=axes)) / np.abs(exact.sum(axis=axes))
        assert (total > 0).all()
        return f"sum within {lost.max():.4%}"
    step = np.ptp(exact, axis=axes, keepdims=True) / 255
    return f"{(np.abs(back - exact) / step).max():.2f} steps"


def measure() -> list[Row]:
    net, module = gluon_net(), torch_net()
    ours: dict[str, dict[str, tuple[Declaration, Frame]]] = {}
    for framework, network in (
        ("mxnet", GluonNetwork.of(net, IMAGES.shape[1:])),
        ("torch", view(module, IMAGES.shape[1:])),
    ):
        ours[framework] = {name: (declared, frame) for name, declared, frame in frames(network)}
    rows = []
    for name, (library, wanted) in references(module).items():
        found: Mapping[str, float | None] = {
            framework: difference(np.asarray(made[name][1].values), wanted)
            if name in made
            else None
            for framework, made in ours.items()
        }
        kept = through_history(*ours["mxnet"][name])
        rows.append(Row(name, library, found["mxnet"], found["torch"], kept))
    return rows


def table(rows: list[Row]) -> str:
    def told(number: float | None) -> str:
        if number is None:
            return "not there"
        return f"{number:.1e}" if number <= GOAL else f"**{number:.1e}**"

    lines = [
        "| method | compared with | MXNet | PyTorch | through the history |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| `{row.method}` | {row.library} | {told(row.mxnet)} | {told(row.torch)} | "
            f"{row.history} |"
            for row in rows
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/agreement.md")
    write = parser.parse_args().write
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the other libraries
        made = table(measure())
    print(made)
    if write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}")


if __name__ == "__main__":
    try:
        main()
    except VizframeError as error:
        raise SystemExit(str(error)) from error
