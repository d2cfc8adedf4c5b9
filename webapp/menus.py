"""What a run offers, in words: its plugins, their layers, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from dash import html
from dash.development.base_component import Component

from vizframe.history import Declaration, History, LayerInfo
from vizframe.webapp.markup import with_data_attributes
from vizframe.webapp.texts import is_in_words

Children = Sequence[Component | str]

PRODUCT = "×"

NEEDS_PICTURES = ("gradient_ascent", "class_visualization", "deconvolution")

_NO_PICTURES = (
    "It draws the picture that excites a unit, as class visualization and deconvolution draw what "
    "a class or a unit saw. This network reads {}s: between two tokens there is nothing to climb "
    "through. Snippets shows where each unit is strongest in a longer text."
)
"""Why a network of sequences has no pictures of inputs."""


def kinds(history: History, chosen: str) -> Children:
    """One row per plugin, in the order of first appearance; the chosen one shows its parts, and the
    workers that have it."""
    of_labels: dict[str, dict[str, Declaration]] = {}
    for each in history.declarations.values():
        if not is_in_words(each):
            of_labels.setdefault(each.key.label, {}).setdefault(each.key.kind, each)
    rows: list[Component | str] = []
    for label, of_label in of_labels.items():
        first, is_chosen = next(iter(of_label)), chosen in of_label
        rows.append(_entry(title(label), "", "kind", chosen if is_chosen else first, is_chosen))
        if is_chosen:
            rows += _parts(of_label, chosen)
            rows += _workers(of_label, chosen)
    return [*rows, *_made_nothing(history)]


def _made_nothing(history: History) -> Children:
    """Plugins that were asked for and have no series, each with the newest reason; and, of a run
    on sequences, why those that draw pictures are not among them."""
    made = {key.label for key in history.declarations}
    reasons = {each.label: each.sentence for each in history.failures() if each.label not in made}
    probe = history.probe
    if probe is not None and probe.noun != "image" and not made & set(NEEDS_PICTURES):
        reasons.setdefault(NEEDS_PICTURES[0], _NO_PICTURES.format(probe.noun))
    return [
        html.Details([html.Summary(f"{title(label)}: none"), html.P(sentence)], className="none")
        for label, sentence in reasons.items()
    ]


def _parts(of_label: Mapping[str, Declaration], chosen: str) -> Children:
    """The pictures that the plugin makes, each of the chosen worker where that has it."""
    rank = of_label[chosen].key.rank
    parts: dict[str, Declaration] = {}
    for each in of_label.values():
        if each.key.part not in parts or each.key.rank == rank:
            parts[each.key.part] = each
    if len(parts) < 2:
        return []
    buttons = [
        _part(each, each.title or title(each.key.part or each.key.label), chosen)
        for each in parts.values()
    ]
    return [html.Div(buttons, className="parts")]


def _workers(of_label: Mapping[str, Declaration], chosen: str) -> Children:
    """The ranks that have the chosen picture."""
    part = of_label[chosen].key.part
    by_rank = {each.key.rank: each for each in of_label.values() if each.key.part == part}
    if len(by_rank) < 2:
        return []
    buttons = [_part(by_rank[rank], f"rank {rank}", chosen) for rank in sorted(by_rank)]
    group = html.Div(buttons, className="parts ranks", role="group")
    return [with_data_attributes(group, aria_label="Worker")]


def _part(declaration: Declaration, words: str, chosen: str) -> Component:
    kind = declaration.key.kind
    button = html.Button(words, type="button", className="part", title=declaration.picture_help)
    return with_data_attributes(button, data_kind=kind, aria_pressed=str(kind == chosen).lower())


def layers(history: History, kind: str, chosen: str) -> Children:
    """The layers that have this kind, in forward order, each with what it holds."""
    of_kind = {key.layer: each for key, each in history.declarations.items() if key.kind == kind}
    forward = [layer.name for layer in history.info.layers]
    known = [name for name in forward if name in of_kind]
    rest = [name for name in of_kind if name not in forward]
    names, dead = layer_names(history.info.layers), silent_units(history)
    return [
        _entry(
            names.get(name, name),
            " · ".join(
                filter(None, (size(of_kind[name]), f"{dead[name]} dead" if dead.get(name) else ""))
            ),
            "layer",
            name,
            name == chosen,
        )
        for name in known + rest
    ]


def silent_units(history: History) -> dict[str, int]:
    """How many units of each layer were silent on the whole probe when that was last told."""
    values = history.scalars().values
    found = {}
    for layer in history.info.layers:
        name = f"activation/share of silent units/{layer.name}"
        told = values[name][np.isfinite(values[name])] if name in values else np.empty(0)
        if len(told):
            found[layer.name] = round(float(told[-1]) * layer.units)
    return found


def layer_names(found: Iterable[LayerInfo]) -> dict[str, str]:
    """What a person recognises: a name that ends in a number says what the layer is, too."""
    return {
        each.name: f"{each.name} · {each.kind}"
        if each.kind != "other" and each.name.rpartition(".")[2].isdecimal()
        else each.name
        for each in found
    }


def about(history: History, declaration: Declaration) -> Children:
    """The plugin's help, its parameters, and where it failed."""
    parts: list[Component | str] = [
        html.P(line) for line in (declaration.picture_help, declaration.help) if line
    ]
    parts += _numbers(declaration)
    if declaration.parameters:
        parts += [html.H3("Parameters"), _parameters(declaration)]
    label = declaration.key.label
    failures = [each for each in history.failures() if each.label == label]
    failed = [f"step {each.step}: {each.sentence}" for each in failures[-5:]]
    parts += _list("It failed", failed, "failure")
    return parts


def size(declaration: Declaration) -> str:
    """``20 × 24²``: how many tiles of which size; ``64 × 400`` units over so many tokens. Nothing
    of a distribution, which is one of the whole layer."""
    if declaration.draw == "distribution":
        return ""
    axes = dict(zip(declaration.tile_axes, declaration.tile_shape, strict=True))
    count = axes.get("unit") or (declaration.tile_shape[-1] if axes else 1)
    picture = declaration.picture_shape[:2]
    if not picture:
        return str(count)
    square = len(picture) == 2 and picture[0] == picture[1]
    area = f"{picture[0]}²" if square else PRODUCT.join(map(str, picture))
    return f"{count} {PRODUCT} {area}"


def title(kind: str) -> str:
    """A plugin's name as a person writes it: ``gradient_ascent`` → ``Gradient ascent``."""
    words = kind.replace("_", " ").replace(".", " · ")
    return words[:1].upper() + words[1:]


def _entry(words: str, count: str, what: str, value: str, chosen: bool) -> Component:
    button = html.Button(
        [html.Span(words, className="name"), html.Span(count, className="size")],
        className="entry",
        type="button",
        title=value,
    )
    return with_data_attributes(
        button, **{f"data_{what}": value, "aria_pressed": str(chosen).lower()}
    )


def _numbers(declaration: Declaration) -> Children:
    """What the numbers beside each picture say."""
    if not declaration.column_help:
        return []
    pairs = declaration.column_help.items()
    terms = [part for name, words in pairs for part in (html.Dt(title(name)), html.Dd(words))]
    return [html.H3("Numbers"), html.Dl(terms)]


def _parameters(declaration: Declaration) -> Component:
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(_value(value))])
        for name, value in declaration.parameters.items()
    ]
    return html.Table(html.Tbody(rows), className="parameters")


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _list(heading: str, sentences: Iterable[str], kind: str) -> Children:
    entries = [html.Li(sentence) for sentence in sentences]
    return [html.H3(heading), html.Ul(entries, className=kind)] if entries else []
