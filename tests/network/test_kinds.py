"""The words in which layers are described, whatever framework made them."""

from __future__ import annotations

import pytest

from vizframe.history import LayerInfo
from vizframe.network import KINDS
from vizframe.network.kinds import KERNEL_KINDS, default_axes
from vizframe.network.layer import Layer, select


def test_the_words_are_a_closed_list() -> None:
    assert len(set(KINDS)) == len(KINDS)
    assert set(KINDS) >= KERNEL_KINDS
    assert {"convolution", "dense", "recurrent", "normalization", "other"} <= set(KINDS)


@pytest.mark.parametrize(
    ("shape", "axes", "unit_axis"),
    [
        ((), (), 0),
        ((7,), ("unit",), 0),
        ((5, 7), ("time", "unit"), 1),
        ((7, 4, 4), ("unit", "y", "x"), 0),
        ((7, 2, 4, 4), ("unit", "z", "y", "x"), 0),
        ((7, 2, 2, 4, 4), ("unit", "place", "place", "place", "place"), 0),
    ],
)
def test_an_output_has_the_usual_axes_where_none_are_given(
    shape: tuple[int, ...], axes: tuple[str, ...], unit_axis: int
) -> None:
    layer = Layer("x", "Anything", shape, 7)
    assert layer.axes == axes == default_axes(len(shape))
    assert layer.unit_axis == unit_axis


def test_heads_are_the_units_of_an_attention() -> None:
    layer = Layer("a", "softmax", (4, 9, 8), 4, kind="attention", axes=("head", "time", "source"))
    assert not layer.is_spatial
    assert not layer.is_sequence
    assert layer.unit_axis == 0


def test_layers_with_kernels_and_recurrent_ones_are_recorded_by_default() -> None:
    layers = (
        Layer("conv", "C", (4, 3, 3), 4, {"weight": (4, 1, 3, 3)}, kind="convolution"),
        Layer("norm", "N", (4, 3, 3), 4, {"gamma": (4,)}, kind="normalization"),
        Layer("rnn", "R", (5, 4), 4, {"l0_i2h_weight": (16, 3)}, kind="recurrent"),
        Layer("bilinear", "B", (4,), 4, {"weight": (4, 4)}, kind="arithmetic"),
    )
    assert [layer.name for layer in select(layers)] == ["conv", "rnn"]


def test_a_run_remembers_kind_and_axes_and_an_older_one_opens_without() -> None:
    layer = Layer("f", "X", (5, 7), 7, kind="dense", nonnegative=True)
    info = LayerInfo.of(layer)
    again = LayerInfo.model_validate_json(info.model_dump_json())
    assert (again.kind, again.axes, again.nonnegative) == ("dense", ("time", "unit"), True)
    older = LayerInfo.model_validate({"name": "f", "operator": "X", "shape": [7], "units": 7})
    assert (older.kind, older.axes, older.nonnegative) == ("other", (), False)
