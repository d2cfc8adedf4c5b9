"""Attributes that Dash's components take but do not declare: ``data-…`` and ``aria-…``."""

from __future__ import annotations

from typing import TypeVar

from dash.development.base_component import Component

Marked = TypeVar("Marked", bound=Component)


def with_data_attributes(component: Marked, **attributes: str) -> Marked:
    """The component, with ``data_layer="conv0"`` as its ``data-layer``."""
    for name, value in attributes.items():
        setattr(component, name.replace("_", "-"), value)
    return component
