"""The page: what is always there. Elements without children belong to the viewer's JavaScript.

┌ topbar ─ brand · run · pages ······················ live · copy link · keys · theme ┐
├ side ────────┬ stage ───────────────────────────────────────────┬ unit ─────────────┤
│ what  layers │ title, help                                      │ picture, strip,   │
│ axes  scale  │ gallery (canvas)                                 │ curves, numbers   │
├──────────────┴──────────────────────────────────────────────────┴───────────────────┤
└ transport ── play · curves over the slider · step ──────────────────────────────────┘
"""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from vizframe.webapp.markup import with_data_attributes

PAGES = {
    "gallery": "Gallery",
    "unit": "Unit",
    "sheet": "Film",
    "compare": "Compare",
    "image": "Image",
    "training": "Training",
    "network": "Network",
    "live": "Live",
    "whatif": "What if",
    "runs": "Runs",
}


def layout() -> Component:
    """All pages; the viewer shows one of them."""
    return html.Div(
        [
            dcc.Store(id="choice"),
            dcc.Store(id="page"),
            dcc.Store(id="graphed"),
            _topbar(),
            html.Div(id="banner", role="status", hidden=True),
            html.Div(
                [
                    _side(),
                    html.Main(
                        [
                            html.Div(id="stage", className="page"),
                            html.Div(id="unit-page", className="page", hidden=True),
                            html.Div(id="zoom-page", className="page", hidden=True),
                            html.Div(id="sheet-page", className="page", hidden=True),
                            html.Div(id="compare-page", className="page", hidden=True),
                            _scrolling("image"),
                            _scrolling("training"),
                            _scrolling("network"),
                            html.Div(id="live-page", className="page", hidden=True),
                            html.Div(id="whatif-page", className="page", hidden=True),
                            _scrolling("runs"),
                        ],
                        id="main",
                    ),
                    with_data_attributes(html.Aside(id="unit"), aria_label="The chosen unit"),
                ],
                id="middle",
            ),
            with_data_attributes(html.Footer(id="transport"), aria_label="Training steps"),
        ],
        id="frame",
    )


def _scrolling(name: str) -> Component:
    """A page that scrolls as a whole, by the keyboard too while it has nothing to reach."""
    page = html.Div(
        id=f"{name}-page", className="page scrolls", hidden=True, tabIndex=0, role="region"
    )
    return with_data_attributes(page, aria_label=PAGES[name])


def _topbar() -> Component:
    links = [
        with_data_attributes(html.A(title, href=f"?page={name}"), data_page=name)
        for name, title in PAGES.items()
    ]
    mark = with_data_attributes(html.Span(className="mark"), aria_hidden="true")
    return html.Header(
        [
            html.Div([mark, "vizframe"], className="brand"),
            html.Div(id="run-choice"),
            with_data_attributes(html.Nav(links, id="pages"), aria_label="Pages"),
            html.Div(id="live", role="status"),
            html.Div(id="tools"),
        ],
        id="topbar",
    )


def _side() -> Component:
    """What there is to see; ``find``, ``axes``, ``order`` and ``scale`` are the viewer's, the rest
    callbacks fill."""
    about = html.Details([html.Summary("About this picture"), html.Div(id="about")])
    sections = [
        html.Section([html.H2("What"), html.Div(id="kinds")]),
        html.Section([html.H2("Layer"), html.Div(id="find"), html.Div(id="layers")]),
        html.Section(id="axes"),
        html.Section(id="order", hidden=True),
        html.Section(id="scale"),
        html.Section(about, id="about-panel"),
    ]
    return with_data_attributes(html.Aside(sections, id="side"), aria_label="Choose what to see")
