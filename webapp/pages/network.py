"""The Network page: the graph of layers; a click on one opens its gallery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dash_cytoscape as cyto
from dash import html
from dash.development.base_component import Component

from vizframe.history import LayerInfo
from vizframe.webapp.markup import with_data_attributes
from vizframe.webapp.menus import PRODUCT
from vizframe.webapp.open_runs import OpenRun

if TYPE_CHECKING:
    from vizframe.webapp.app import Page


WIDE, TALL, BOX = 250, 92, 220
"""From node to node, and the width of one, in pixels."""


def page(found: OpenRun, asked: Page) -> Component:
    """The graph, and the same as a table for those who cannot see it."""
    layers = found.history.info.layers
    if not layers:
        return html.Div([html.H1("Network"), html.P("This run does not say which layers it has.")])
    shown = {key.layer for key in found.history.declarations}
    dark = bool(asked.get("dark"))
    return html.Div(
        [
            html.H1(found.history.info.network or "Network"),
            html.P("Layers with a coloured edge were recorded: click one to see its gallery."),
            html.Div([_graph(layers, shown, dark), _table(layers, shown)], className="network"),
        ]
    )


def elements(layers: Sequence[LayerInfo], shown: set[str]) -> list[dict[str, object]]:
    """Nodes and edges; what a layer reads and is no layer (the input) is a node too."""
    names = [layer.name for layer in layers]
    inputs = dict.fromkeys(
        each for layer in layers for each in layer.inputs if each not in set(names)
    )
    places = positions(layers)
    nodes: list[dict[str, object]] = [
        {"data": {"id": name, "label": name}, "classes": "input", "position": places[name]}
        for name in inputs
    ]
    nodes += [
        {
            "data": {"id": each.name, "label": f"{each.name}\n{each.operator}\n{_shape(each)}"},
            "classes": "shown" if each.name in shown else "",
            "position": places[each.name],
        }
        for each in layers
    ]
    return nodes + [
        {"data": {"source": source, "target": layer.name}}
        for layer in layers
        for source in layer.inputs
    ]


def positions(layers: Sequence[LayerInfo]) -> dict[str, dict[str, float]]:
    """Where the nodes are: each one row below the deepest that it reads, side by side in a row."""
    depth: dict[str, int] = {}
    for layer in layers:
        for name in layer.inputs:
            depth.setdefault(name, 0)
        depth[layer.name] = 1 + max((depth[name] for name in layer.inputs), default=-1)
    rows: dict[int, list[str]] = {}
    for name, row in depth.items():
        rows.setdefault(row, []).append(name)
    return {
        name: {"x": WIDE * (place - (len(names) - 1) / 2), "y": float(TALL * row)}
        for row, names in rows.items()
        for place, name in enumerate(names)
    }


def _graph(layers: Sequence[LayerInfo], shown: set[str], dark: bool) -> Component:
    drawing = html.Div(
        cyto.Cytoscape(
            id="graph",
            elements=elements(layers, shown),
            layout={"name": "preset", "fit": True, "padding": 16},
            stylesheet=_style(dark),
            style={"width": "100%", "height": f"{_height(layers)}px"},
            userZoomingEnabled=False,
            autoungrabify=True,
        ),
        className="graph",
    )
    return with_data_attributes(drawing, aria_hidden="true")


def _height(layers: Sequence[LayerInfo]) -> int:
    """Enough for every row at full size, within reason."""
    rows = len({place["y"] for place in positions(layers).values()})
    return min(2400, max(240, TALL * rows + 32))


def _style(dark: bool) -> list[dict[str, object]]:
    ink, ground, rule = (
        ("#dee2e6", "#212529", "#6c757d") if dark else ("#212529", "#fff", "#adb5bd")
    )
    return [
        {
            "selector": "node",
            "style": {
                "label": "data(label)",
                "text-wrap": "wrap",
                "text-valign": "center",
                "color": ink,
                "font-size": 11,
                "shape": "round-rectangle",
                "text-max-width": f"{BOX - 12}px",
                "width": BOX,
                "height": 60,
                "background-color": ground,
                "border-width": 1,
                "border-color": rule,
            },
        },
        {"selector": ".shown", "style": {"border-width": 3, "border-color": "#3d8bfd"}},
        {"selector": ".input", "style": {"height": 30, "border-style": "dashed"}},
        {
            "selector": "edge",
            "style": {
                "width": 1.5,
                "line-color": rule,
                "target-arrow-color": rule,
                "target-arrow-shape": "triangle",
                "curve-style": "bezier",
            },
        },
    ]


def _table(layers: Sequence[LayerInfo], shown: set[str]) -> Component:
    headings = ("Layer", "Operator", "Output", "Parameters", "Sees")
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(each, scope="col") for each in headings])),
            html.Tbody([_row(layer, layer.name in shown) for layer in layers]),
        ],
        className="table",
    )


def _row(layer: LayerInfo, shown: bool) -> Component:
    name: Component | str = layer.name
    if shown:
        name = with_data_attributes(
            html.Button(layer.name, type="button", className="link"), data_open_layer=layer.name
        )
    parameters = ", ".join(
        f"{each} {PRODUCT.join(map(str, shape))}" for each, shape in layer.parameters.items()
    )
    field = f"{layer.field_size[0]}{PRODUCT}{layer.field_size[1]} px" if layer.field_size else ""
    cells = (name, layer.operator, _shape(layer), parameters, field)
    return html.Tr([html.Td(each) for each in cells])


def _shape(layer: LayerInfo) -> str:
    return PRODUCT.join(map(str, layer.shape))
