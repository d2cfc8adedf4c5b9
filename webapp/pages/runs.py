"""The Runs page: what there is to look at."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from vizframe.history import RunSummary
from vizframe.webapp.markup import with_data_attributes
from vizframe.wording import ago, size

HEADINGS = ("Run", "Network", "Started", "Steps", "Last step", "Last written", "Size")


def page(found: Sequence[RunSummary], chosen: str | None, where: str) -> Component:
    if not found:
        return html.Div([html.H1("Runs"), *empty(where)])
    now = time.time()
    return html.Div(
        [
            html.H1("Runs"),
            html.P(f"{len(found)} in {where}" if where else f"{len(found)} runs"),
            html.Table(
                [
                    html.Thead(html.Tr([html.Th(each, scope="col") for each in HEADINGS])),
                    html.Tbody([_row(each, each.name == chosen, now) for each in found]),
                ],
                className="table runs",
            ),
        ]
    )


def empty(where: str) -> Sequence[Component]:
    """What to do where there is nothing."""
    place = f"in {where}" if where else "here"
    return [
        html.P(f"There are no runs {place} yet. Record one with"),
        html.Pre("vizframe record -- train.py"),
        html.P("or watch a small network learn digits with"),
        html.Pre("vizframe demo"),
    ]


def _row(found: RunSummary, chosen: bool, now: float) -> Component:
    info = found.info
    cells: list[Component | str] = [
        _name(found, chosen),
        info.network if info else "",
        _date(info.created) if info else "",
        f"{found.steps:,}",
        f"{found.last_step:,}" if found.last_step is not None else "–",
        ago(now - found.last_time) if found.last_time else "–",
        size(found.bytes),
    ]
    return html.Tr([html.Td(cell) for cell in cells], className="chosen" if chosen else "")


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


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
