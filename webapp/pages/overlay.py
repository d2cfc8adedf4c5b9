"""Several runs on the Training page: one figure per number, one line per run.

The horizontal axis counts steps, epochs or minutes since each run's first number, so that runs of
other batch sizes or machines can be laid over one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
from dash import dcc, html
from dash.development.base_component import Component

from vizframe.history import Scalars
from vizframe.webapp.menus import title
from vizframe.webapp.pages.training import HEIGHT, drawn, known, look

if TYPE_CHECKING:
    from vizframe.webapp.app import Page

Numbers = npt.NDArray[np.float64]

Line = dict[str, object]
"""A trace, as Plotly's JSON has it."""

Axis = Literal["step", "epoch", "time"]

MOST_RUNS = 20
"""Lines of one figure; more could not be told apart."""

FAINT = 0.25
"""Opacity of what a smoothed line was made of."""


def page(found: Mapping[str, Scalars], shown: Page) -> Component:
    """The figures of these runs, of every number that has no group of its own."""
    axis: Axis = next((each for each in get_args(Axis) if each == shown.get("x")), "step")
    smooth = smoothing(shown.get("smooth"))
    names = dict.fromkeys(
        name for each in found.values() for name in each.values if "/" not in name
    )
    dark = bool(shown.get("dark"))
    figures = [
        html.Figure([html.Figcaption(title(name)), _graph(name, found, axis, smooth, dark)])
        for name in names
    ]
    return html.Div(
        [
            html.H1(f"Training: {len(found)} runs"),
            html.Div(
                [
                    html.P("Tick runs on the Runs page to choose what is laid over one another."),
                    html.Div(id="overlay-controls"),  # the page's own script fills both
                    html.Div(id="curve-axis"),
                ],
                className="figures-head",
            ),
            html.Div(figures, className="figures"),
        ]
    )


def smoothing(given: object) -> float:
    """How much of each value is that of the one before: 0 (none) to below 1."""
    try:
        found = float(str(given))
    except ValueError:
        return 0.0
    return found if 0 <= found < 1 else 0.0


def smoothed(values: Numbers, weight: float) -> Numbers:
    """An exponential mean that is not drawn towards zero at its start; NaN takes no part.

    ``m ← w·m + (1 − w)·v``, divided by ``1 − wⁿ``, as TensorBoard does it.
    """
    out = np.full(len(values), np.nan)
    mean = total = 0.0
    for i, value in enumerate(values):
        if np.isfinite(value):
            mean = weight * mean + (1 - weight) * value
            total = weight * total + (1 - weight)
            out[i] = mean / total
    return out


def horizontal(scalars: Scalars, axis: Axis) -> Numbers:
    """Where each number stands: steps, epochs, or minutes since the first."""
    if axis == "epoch":
        return scalars.epoch
    if axis == "time" and len(scalars.time):
        minutes: Numbers = (scalars.time - scalars.time[0]) / 60
        return minutes
    return scalars.steps.astype(np.float64)


def _graph(
    name: str, found: Mapping[str, Scalars], axis: Axis, smooth: float, dark: bool
) -> Component:
    lines: list[Line] = []
    for number, (run, scalars) in enumerate(list(found.items())[:MOST_RUNS]):
        if name in scalars.values:
            lines += _lines(run, number, horizontal(scalars, axis), scalars.values[name], smooth)
    # A plain figure: Plotly's objects check each of their numbers, which takes as long as painting.
    figure = {"data": lines, "layout": look(2, dark, {"time": "minutes"}.get(axis, axis))}
    return dcc.Graph(
        id={"curve": f"overlay {name}"},
        figure=figure,
        config={"displayModeBar": False, "responsive": True},
        style={"height": f"{HEIGHT}px"},
    )


def _lines(run: str, number: int, x: Numbers, y: Numbers, smooth: float) -> Sequence[Line]:
    x, y = known(x, y)
    plain = {**drawn(run, number, x, y), "legendgroup": run}
    if not smooth:
        return [plain]
    faint = {**plain, "opacity": FAINT, "showlegend": False, "hoverinfo": "skip"}
    return [faint, {**drawn(run, number, x, smoothed(y, smooth)), "legendgroup": run}]
