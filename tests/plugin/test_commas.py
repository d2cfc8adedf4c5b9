"""Lists as people write them."""

from __future__ import annotations

import pytest

from vizframe.plugin.commas import items


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("guided", ["guided"]),
        (" guided,grad_cam , ", ["guided", "grad_cam"]),
        ("", []),
        (3, [3]),
        ([3, "4"], [3, "4"]),
        (None, None),
        (2.5, 2.5),
    ],
)
def test_what_stands_for_a_list_becomes_one_and_all_else_stays(
    given: object, meant: object
) -> None:
    assert items(given) == meant
