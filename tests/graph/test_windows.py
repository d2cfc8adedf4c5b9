"""Fields and crops on graphs of no framework: hand-worked cases."""

from __future__ import annotations

from vizframe.graph.crop import cut_of, needed_boxes
from vizframe.graph.field import receptive_fields
from vizframe.graph.window import POINTWISE, MapNode, OperatorWindow, Padding
from vizframe.network.layer import ReceptiveField

CONV = OperatorWindow(kernel=(3, 3), pad=(1, 1))
POOL = OperatorWindow(kernel=(2, 2), stride=(2, 2))


def image(side: int) -> MapNode:
    return MapNode(None, (), (side, side))


def test_a_field_grows_by_the_kernel_and_moves_by_the_stride() -> None:
    maps = {
        0: image(8),
        1: MapNode(CONV, (0,), (8, 8)),
        2: MapNode(POOL, (1,), (4, 4)),
        3: MapNode(CONV, (2,), (4, 4)),
    }
    found = receptive_fields(maps, 0)
    assert found[1] == ReceptiveField((3, 3), (1, 1), (0.0, 0.0))
    assert found[2] == ReceptiveField((4, 4), (2, 2), (0.5, 0.5))
    assert found[3] == ReceptiveField((8, 8), (2, 2), (0.5, 0.5))


def test_where_branches_meet_the_widest_counts_and_unlike_strides_have_no_field() -> None:
    maps = {
        0: image(8),
        1: MapNode(CONV, (0,), (8, 8)),
        2: MapNode(POINTWISE, (0, 1), (8, 8)),
        3: MapNode(POOL, (0,), (8, 8)),
        4: MapNode(POINTWISE, (2, 3), (8, 8)),
    }
    found = receptive_fields(maps, 0)
    assert found[2] == found[1]
    assert 4 not in found


def test_a_place_that_answers_for_the_whole_map_has_no_field_and_no_crop() -> None:
    maps = {0: image(8), 1: MapNode(None, (0,), (1, 1)), 2: MapNode(POINTWISE, (0, 1), (8, 8))}
    assert receptive_fields(maps, 0) == {}
    assert needed_boxes(maps, 0, 2, ((4, 4), (4, 4))) is None


def test_a_broadcast_of_one_place_is_no_window() -> None:
    maps = {
        0: image(8),
        1: MapNode(OperatorWindow(kernel=(8, 8)), (0,), (1, 1)),
        2: MapNode(POINTWISE, (0, 1), (8, 8)),
    }
    assert set(receptive_fields(maps, 0)) == {1}
    assert needed_boxes(maps, 0, 2, ((4, 4), (4, 4))) is None


def test_a_box_is_what_all_readers_need_and_ends_at_the_edge() -> None:
    maps = {0: image(8), 1: MapNode(CONV, (0,), (8, 8)), 2: MapNode(POINTWISE, (0, 1), (8, 8))}
    boxes = needed_boxes(maps, 0, 2, ((0, 0), (3, 3)))
    assert boxes == {2: ((0, 0), (3, 3)), 1: ((0, 0), (3, 3)), 0: ((0, 1), (2, 4))}
    cut = cut_of(CONV, boxes[0], boxes[1], (8, 8))
    assert (cut.begins, cut.ends, cut.pads, cut.slices) == ((0, 0), (2, 3), (1, 0, 0, 0), False)
    skip = cut_of(POINTWISE, boxes[0], boxes[2], (8, 8))
    assert (skip.begins, skip.ends, skip.slices) == ((0, 1), (1, 2), True)


def test_a_learned_position_keeps_the_whole_map() -> None:
    maps = {0: image(4), 1: MapNode(POINTWISE, (0,), (4, 4), varies=True)}
    assert needed_boxes(maps, 0, 1, ((1, 1), (1, 1))) is None
    assert receptive_fields(maps, 0)[1].size == (1, 1)


def test_an_average_is_cut_at_the_edge_only_where_padding_counts() -> None:
    window = OperatorWindow(kernel=(3, 3), stride=(2, 2), pad=(1, 1))

    def cut(padding: Padding, side: int, place: int) -> bool:
        maps = {0: image(side), 1: MapNode(window, (0,), (4, 4), padding=padding)}
        return needed_boxes(maps, 0, 1, ((place, place), (1, 1))) is not None

    assert cut("constant", 7, 0)
    assert cut("counted", 7, 0)
    assert not cut("left out", 7, 0)
    assert cut("left out", 7, 1)
    assert not cut("counted", 5, 3)  # its last window hangs over the padded edge
