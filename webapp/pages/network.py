"""The Network page: the graph of layers; a click on one opens its gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dash_cytoscape as cyto
from dash import html
from dash.development.base_component import Component

from vizframe.history import LayerInfo
from vizframe.webapp.markup import with_data_attributes
from vizframe.webapp.menus import PRODUCT
from vizframe.webapp.open_runs import OpenRun
from vizframe.webapp.pages.layer_numbers import NUMBERS, LayerNumber, as_colours, last_numbers

if TYPE_CHECKING:
    from vizframe.webapp.app import Page


Numbers = Mapping[str, Mapping[str, float]]
"""By the name of a `LayerNumber`, that of each layer."""

WIDE, TALL, BOX = 250, 92, 220
"""From node to node, and the width of one, in pixels."""


def page(found: OpenRun, asked: Page) -> Component:
    """The graph, and the same as a table for those who cannot see it."""
    layers = found.history.info.layers
    if not layers:
        return html.Div([html.H1("Network"), html.P("This run does not say which layers it has.")])
    shown = {key.layer for key in found.history.declarations}
    numbers = last_numbers(found.history.scalars())
    dark = bool(asked.get("dark"))
    return html.Div(
        [
            html.H1(found.history.info.network or "Network"),
            html.P("Layers with a coloured edge were recorded: click one to see its gallery."),
            _colour_choice(numbers),
            html.Div(
                [_graph(layers, shown, numbers, dark), _table_box(layers, shown, numbers)],
                className="network",
            ),
        ]
    )


def _colour_choice(numbers: Numbers) -> Component:
    """What the graph is coloured by; nothing where the run has no number of its layers."""
    choices = [
        ("", "nothing"),
        *((each.name, each.words) for each in NUMBERS if each.name in numbers),
    ]
    buttons = [_colour_button(name, words) for name, words in choices]
    group = html.Div(["Coloured by ", *buttons], role="group", className="graph-colour")
    return html.Div(with_data_attributes(group, aria_label="Coloured by"), hidden=len(choices) < 2)


def _colour_button(name: str, words: str) -> Component:
    """Dash's own lists and radios have roles that their elements must not have."""
    button = html.Button(
        words, id={"colour": name or "nothing"}, type="button", className="part", n_clicks=0
    )
    return with_data_attributes(button, aria_pressed="false" if name else "true")


def elements(
    layers: Sequence[LayerInfo], shown: set[str], numbers: Numbers | None = None
) -> list[dict[str, object]]:
    """Nodes and edges; what a layer reads and is no layer (the input) is a node too. A node holds
    its numbers from 0 to 1, for colours."""
    colours = {
        each.name: as_colours(each, numbers[each.name])
        for each in NUMBERS
        if numbers and each.name in numbers
    }
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
            "data": {"id": each.name, "label": f"{each.name}\n{each.operator}\n{_shape(each)}"}
            | {name: of[each.name] for name, of in colours.items() if each.name in of},
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


def _graph(layers: Sequence[LayerInfo], shown: set[str], numbers: Numbers, dark: bool) -> Component:
    drawing = html.Div(
        cyto.Cytoscape(
            id="graph",
            elements=elements(layers, shown, numbers),
            layout={"name": "preset", "fit": True, "padding": 16},
            stylesheet=style(dark),
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


def style(dark: bool, coloured_by: str = "") -> list[dict[str, object]]:
    """How the graph is drawn; ``coloured_by`` is the name of a `LayerNumber`, or nothing."""
    ink, ground, rule = (
        ("#dee2e6", "#212529", "#6c757d") if dark else ("#212529", "#fff", "#adb5bd")
    )
    deepest = "#a34a00" if dark else "#ff9d5c"
    coloured: list[dict[str, object]] = [
        {
            "selector": f"node[{coloured_by}]",
            "style": {"background-color": f"mapData({coloured_by}, 0, 1, {ground}, {deepest})"},
        }
    ]
    return [
        *_plain_style(ink, ground, rule),
        *(coloured if coloured_by in {each.name for each in NUMBERS} else []),
    ]


def _plain_style(ink: str, ground: str, rule: str) -> list[dict[str, object]]:
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


def _table_box(layers: Sequence[LayerInfo], shown: set[str], numbers: Numbers) -> Component:
    """The table, which scrolls where it is wider than the page, with the keyboard too."""
    box = html.Div(
        _table(layers, shown, numbers), className="table-box", tabIndex="0", role="region"
    )
    return with_data_attributes(box, aria_label="Layers")


def _table(layers: Sequence[LayerInfo], shown: set[str], numbers: Numbers) -> Component:
    told = [each for each in NUMBERS if each.name in numbers]
    headings = ["Layer", "Operator", "Output", "Parameters", "Sees"]
    headings += [each.words.capitalize() for each in told]
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(each, scope="col") for each in headings])),
            html.Tbody([_row(layer, layer.name in shown, told, numbers) for layer in layers]),
        ],
        className="table",
    )


def _row(layer: LayerInfo, shown: bool, told: Sequence[LayerNumber], numbers: Numbers) -> Component:
    name: Component | str = layer.name
    if shown:
        name = with_data_attributes(
            html.Button(layer.name, type="button", className="link"), data_open_layer=layer.name
        )
    parameters = ", ".join(
        f"{each} {PRODUCT.join(map(str, shape))}" for each, shape in layer.parameters.items()
    )
    field = f"{layer.field_size[0]}{PRODUCT}{layer.field_size[1]} px" if layer.field_size else ""
    own = [_number(each, numbers[each.name].get(layer.name)) for each in told]
    cells = (name, layer.operator, _shape(layer), parameters, field, *own)
    return html.Tr([html.Td(each) for each in cells])


def _number(number: LayerNumber, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0%}" if number.is_share else f"{value:.3g}"


def _shape(layer: LayerInfo) -> str:
    return PRODUCT.join(map(str, layer.shape))
