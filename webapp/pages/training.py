"""The Training page: every number of the run over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from dash import dcc, html
from dash.development.base_component import Component

from vizframe.history import Finding, History, Scalars
from vizframe.history.finding import causes_first
from vizframe.history.rank_names import ranked_scalar, split_rank
from vizframe.history.ranks import all_findings, on_ranks
from vizframe.webapp.markup import with_data_attributes
from vizframe.webapp.menus import title
from vizframe.webapp.open_runs import OpenRun
from vizframe.webapp.thinned import thinned
from vizframe.webapp.workers import is_shared, sentences, with_drift

if TYPE_CHECKING:
    from vizframe.webapp.app import Page

Numbers = npt.NDArray[np.float64]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito's, told apart under every common colour blindness."""

DASHES = ("solid", "dash")
"""When the colours have all been used, they begin again with the next."""

MOST_LINES = len(COLOURS) * len(DASHES)

MOST_TOLD = 12
"""Of the numbers that made a rule speak, so many are listed, the last ones."""

HEIGHT = 240
"""Of a figure, in pixels."""


def page(found: OpenRun, shown: Page) -> Component:
    """One figure per group of numbers: those with a common name before the slash."""
    scalars = with_drift(found.history.scalars())
    if not scalars.values:
        return html.Div([html.H1("Training"), html.P("No numbers were recorded in this run.")])
    dark = bool(shown.get("dark"))
    figures = [
        html.Figure([html.Figcaption(_heading(name, names)), _graph(name, scalars, names, dark)])
        for name, names in groups(scalars).items()
    ]
    told = all_findings(found.history)
    alarms = any(each.severity == "alarm" for each in told)
    return html.Div(
        [
            html.H1("Training"),
            *findings(told),
            *workers(found.history),
            html.Div(
                [
                    html.P(
                        "Click a curve to put the slider on that step."
                        + (" Dotted lines: where an alarm begins." if alarms else "")
                    ),
                    html.Div(id="curve-axis"),  # the page's own script fills it
                ],
                className="figures-head",
            ),
            html.Div(figures, className="figures"),
        ]
    )


def workers(history: History) -> list[Component]:
    """What there is to say of the workers of a distributed training."""
    said = sentences(history)
    if not said:
        return []
    return [html.H2("Workers"), html.Ul([html.Li(each) for each in said], className="workers")]


def findings(found: Sequence[Finding]) -> list[Component]:
    """What rules found wrong with the training: alarms first, of these the earliest cause, each
    with its likely cause and remedy."""
    loud = {each.rule for each in found if each.severity == "alarm"}
    shown = [each for each in found if each.severity == "alarm" or each.rule not in loud]
    if not shown:
        return []
    ordered = sorted(causes_first(shown), key=lambda each: each.severity != "alarm")
    return [html.Ul([_finding(each) for each in ordered], className="findings")]


def _finding(found: Finding) -> Component:
    since = with_data_attributes(
        html.Button(f"step {found.since}", type="button", className="link"),
        data_go_step=str(found.since),
    )
    said = [
        html.Strong(
            [
                f"{found.severity}: {symptom_title(found.symptom)}{on_ranks(found)} since ",
                since,
                ". ",
            ]
        ),
    ]
    more = [found.sentence, found.cause and f"Likely cause: {found.cause}", found.remedy]
    more[2] = more[2] and f"Try: {more[2]}"
    words = ". ".join(each for each in more if each)
    item = html.Li([*said, words, *_where(found), *_numbers_that_told(found)])
    return with_data_attributes(item, data_severity=found.severity)


def symptom_title(symptom: str) -> str:
    """``dead_relu`` → ``Dead ReLU``, ``nan`` → ``NaN``."""
    words = [_AS_WRITTEN.get(word, word) for word in title(symptom).split(" ")]
    return " ".join(words)


_AS_WRITTEN = {"relu": "ReLU", "Nan": "NaN", "nan": "NaN"}
"""How words of symptoms are written in a sentence."""


def _where(found: Finding) -> list[Component | str]:
    """Links to the layers that it names: their gallery at that step, the units it means marked."""
    links: list[Component | str] = []
    for layer in found.layers:
        units = ",".join(map(str, found.units.get(layer, ())))
        button = html.Button(f"Show layer {layer}", type="button", className="link")
        attributes = {"data_open_layer": layer, "data_step": str(found.since), "data_units": units}
        links += [" ", with_data_attributes(button, **attributes)]
    return links


def _numbers_that_told(found: Finding) -> list[Component]:
    """The curve that made the rule speak, behind a fold."""
    if found.curve is None:
        return []
    pairs = zip(found.curve.steps, found.curve.values, strict=False)
    cells = [
        html.Tr([html.Td(step), html.Td("not finite" if value is None else f"{value:.4g}")])
        for step, value in list(pairs)[-MOST_TOLD:]
    ]
    names = ("step", found.curve.name)
    head = html.Thead(html.Tr([html.Th(each, scope="col") for each in names]))
    table = html.Table([head, html.Tbody(cells)], className="table")
    return [html.Details([html.Summary("The numbers that told"), table])]


def groups(scalars: Scalars) -> Mapping[str, Sequence[str]]:
    """Names by what stands before their last slash: loss and metrics, which have none, come first,
    what the recorder says of itself last.

    ``seconds`` and ``seconds/weights`` are one group: a whole and its parts. A number of several
    ranks is a group, a line each; but what has many parts, such as the gradients of all parameters,
    is a group for each rank. Within a group the ranks are in order.
    """
    found: dict[str, list[str]] = {}
    wholes = {name.rsplit("/", 1)[0] for name in scalars.values if "/" in name}
    for name in scalars.values:
        plain, rank = split_rank(name)
        group = plain if plain in wholes else plain.rsplit("/", 1)[0]
        if group != plain or plain in wholes:
            group = ranked_scalar(group, rank)
        found.setdefault(group, []).append(name)
    ordered = sorted(
        found,
        key=lambda group: (
            group.startswith("recorder"),
            "/" in found[group][0],
            split_rank(group)[1],
        ),
    )
    return {group: sorted(found[group], key=lambda name: split_rank(name)[1]) for group in ordered}


def _heading(group: str, names: Sequence[str]) -> str:
    """The group's name; where one number is all of it, that number's, as nothing else says it."""
    return title((names[0] if len(names) == 1 else group).replace("/", "."))


def _line(group: str, names: Sequence[str], name: str) -> str:
    """What tells the line from the others of its group."""
    (plain, rank), base = split_rank(name), split_rank(group)[0]
    if plain != base:
        return plain.removeprefix(f"{base}/")
    return f"rank {rank}" if any(map(is_shared, names)) else "all"


def _graph(group: str, scalars: Scalars, names: Sequence[str], dark: bool) -> Component:
    lines = [
        drawn(
            _line(group, names, name),
            number,
            *known(scalars.steps.astype(np.float64), scalars.values[name]),
        )
        for number, name in enumerate(names[:MOST_LINES])
    ]
    # A plain figure: Plotly's objects check each of their numbers, which takes as long as painting.
    figure = {"data": lines, "layout": look(len(lines), dark)}
    return dcc.Graph(
        id={"curve": group},
        figure=figure,
        config={"displayModeBar": False, "responsive": True},
        style={"height": f"{HEIGHT}px"},
    )


def known(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """The points that have both numbers."""
    finite = np.isfinite(x) & np.isfinite(y)
    return x[finite], y[finite]


def drawn(name: str, number: int, x: Numbers, y: Numbers) -> dict[str, object]:
    """A line through points, as Plotly's JSON has it: a point alone is a visible one.

    Args:
        number: of the line, which its colour and its dashes come from.
    """
    xs, ys = thinned(x, y)
    return {
        "type": "scatter",
        "x": xs.tolist(),
        "y": ys.tolist(),
        "name": name,
        "mode": "lines" if len(x) > 1 else "markers",
        "line": {
            "width": 1.6,
            "color": COLOURS[number % len(COLOURS)],
            "dash": DASHES[number // len(COLOURS) % len(DASHES)],
        },
    }


def look(lines: int, dark: bool, across: str = "step") -> dict[str, object]:
    """How a figure of so many lines is drawn."""
    ink, rule = ("#dee2e6", "#343a40") if dark else ("#343a40", "#e9ecef")
    axis = {"gridcolor": rule, "zerolinecolor": rule}
    return {
        "height": HEIGHT,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 36},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": ink, "family": "system-ui, sans-serif", "size": 12},
        "xaxis": {**axis, "title": {"text": across}},
        "yaxis": axis,
        "showlegend": lines > 1,
        "uirevision": "kept",  # new steps leave a zoom as it is
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#212529" if dark else "#ffffff"},
    }
