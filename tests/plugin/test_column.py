"""Columns say what they are for, and histories of before they did still do."""

from __future__ import annotations

import pytest

from vizframe.errors import PluginError
from vizframe.history import Declaration, SeriesKey
from vizframe.plugin.column import Column, as_column


def test_a_sentence_alone_is_a_number_to_show() -> None:
    assert as_column("How loud.") == Column("How loud.", role="value")


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(PluginError, match="role is 'dad'; it can be 'value', 'flag', 'dead'"):
        Column("x", role="dad")  # type: ignore[arg-type]  # the mistake itself


def declared(**given: object) -> Declaration:
    return Declaration.model_validate(
        {
            "key": SeriesKey(label="a", layer="b"),
            "plugin": "a",
            "axes": ("unit",),
            "tile_shape": (3,),
            "picture_shape": (),
            "columns": {"dead": 0, "power": 0},
            **given,
        }
    )


def test_a_declaration_of_before_roles_has_those_of_the_names() -> None:
    assert declared().columns_with_role("dead") == ("dead",)


def test_a_declaration_that_gives_roles_has_no_others() -> None:
    roles = {"power": "strength"}
    assert declared(column_roles=roles).columns_with_role("dead") == ()
    assert declared(column_roles=roles).columns_with_role("strength") == ("power",)


def test_roles_come_back_from_json() -> None:
    once = declared(column_roles={})
    assert Declaration.model_validate_json(once.model_dump_json()).column_roles == {}
