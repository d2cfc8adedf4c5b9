"""The Runs page: what there is to look at."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from vizframe.history import RunSummary
from vizframe.webapp.markup import with_data_attributes
from vizframe.wording import ago, date, size

HEADINGS = {
    "": "",
    "run": "Run",
    "network": "Network",
    "loss": "Loss",
    "accuracy": "Accuracy",
    "spark": "Loss over training",
    "update_ratio": "Update / weight",
    "gradient_cosine": "Gradient cosine",
    "findings": "Findings",
    "hyper": "Hyper-parameters",
    "started": "Started",
    "steps": "Steps",
    "last": "Last step",
    "written": "Last written",
    "size": "Size",
}
"""Of the columns, by what they are sorted by. Results are filled in by the page's own script, since
they are read from each run."""


def page(found: Sequence[RunSummary], chosen: str | None, where: str) -> Component:
    if not found:
        return html.Div([html.H1("Runs"), *empty(where)])
    now = time.time()
    return html.Div(
        [
            html.H1("Runs"),
            html.P(f"{len(found)} in {where}" if where else f"{len(found)} runs"),
            html.Div(id="parallel"),  # the page's own script fills it, once results are known
            with_data_attributes(
                html.Div(
                    _table(found, chosen, now), className="runs-box", tabIndex=0, role="region"
                ),
                aria_label="All runs",
            ),
        ]
    )


def _table(found: Sequence[RunSummary], chosen: str | None, now: float) -> Component:
    head = html.Thead(html.Tr([_heading(*each) for each in HEADINGS.items()]))
    body = html.Tbody([_row(each, each.name == chosen, now) for each in found])
    return html.Table([head, body], className="table runs")


def empty(where: str) -> Sequence[Component]:
    """What to do where there is nothing."""
    place = f"in {where}" if where else "here"
    return [
        html.P(f"There are no runs {place} yet. Record one with"),
        html.Pre("vizframe record -- train.py"),
        html.P("or watch a small network learn digits with"),
        html.Pre("vizframe demo"),
    ]


def _heading(column: str, words: str) -> Component:
    if not column:
        return with_data_attributes(html.Td(), aria_hidden="true")
    return with_data_attributes(html.Th(words, scope="col"), data_column=column)


def _row(found: RunSummary, chosen: bool, now: float) -> Component:
    info = found.info
    cells = [
        _result("tick"),
        _cell(_name(found, chosen), found.name),
        _cell(info.network if info else ""),
        _result("loss"),
        _result("accuracy"),
        _result("spark"),
        _result("update_ratio"),
        _result("gradient_cosine"),
        _result("findings"),
        _result("hyper"),
        _cell(date(info.created) if info else "", info.created if info else ""),
        _cell(f"{found.steps:,}", found.steps),
        _cell(f"{found.last_step:,}" if found.last_step is not None else "–", found.last_step),
        _cell(ago(now - found.last_time) if found.last_time else "–", found.last_time),
        _cell(size(found.bytes), found.bytes),
    ]
    row = html.Tr(cells, className="chosen" if chosen else "")
    return with_data_attributes(row, data_name=found.name, data_written=str(found.last_time))


def _cell(shown: Component | str, value: object = None) -> Component:
    """A cell, and what it is sorted by where that is not its text."""
    cell = html.Td(shown)
    return cell if value is None else with_data_attributes(cell, data_value=str(value))


def _result(name: str) -> Component:
    """A cell that the page's own script fills."""
    return with_data_attributes(html.Td(""), data_cell=name)


def _name(found: RunSummary, chosen: bool) -> Component:
    words: list[Component | str] = [
        with_data_attributes(
            html.Button(found.name, type="button", className="link"),
            data_run=found.name,
            aria_current=str(chosen).lower(),
        )
    ]
    if found.fault:
        words.append(html.Div(found.fault, className="failure"))
    return html.Div(words)
