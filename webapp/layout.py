"""What Dash makes of the page: menus, words, tables, curves, the graph.

Each part moves to its place in the frame (`index`, assets/viewer/dash.js). Parts without children
are filled by callbacks; the three stores are what the viewer tells Dash.
"""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from vizframe.webapp.index import PAGES
from vizframe.webapp.markup import with_data_attributes


def layout() -> Component:
    """All parts."""
    return html.Div(
        [
            dcc.Store(id="choice"),
            dcc.Store(id="page"),
            dcc.Store(id="graphed"),
            html.Div(id="kinds"),
            html.Div(id="layers"),
            html.Div(id="about"),
            _scrolling("training"),
            _scrolling("network"),
            _scrolling("runs"),
        ],
        id="made",
    )


def _scrolling(name: str) -> Component:
    """A page that scrolls as a whole, by the keyboard too while it has nothing to reach."""
    page = html.Div(
        id=f"{name}-page", className="page scrolls", hidden=True, tabIndex=0, role="region"
    )
    return with_data_attributes(page, aria_label=PAGES[name])
