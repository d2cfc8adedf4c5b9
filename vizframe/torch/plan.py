"""How a question is computed: how much of the net, of the image and of the last kernel it needs.

A convolution or dense layer is linear, so its response for one unit is a dot product with that
unit's kernel. So the net is played up to the last kernel, and only the units asked for are ever
computed; where the objective is a single place, also the maps are cut to what that place sees:

    image ─ the net up to the last kernel ─► features ─ · kernel[unit] + bias (─ relu) ─► response
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vizframe.graph.crop import needed_boxes, size_of
from vizframe.graph.kernel_overlap import Slices, kernel_overlap, strided
from vizframe.graph.target import centre
from vizframe.graph.window import Box
from vizframe.torch.batch import lengths
from vizframe.torch.layers import LayeredTape
from vizframe.torch.node import Ref, Tape
from vizframe.torch.operators import arguments, is_relu, kind_of, name_of
from vizframe.torch.replay import Part


@dataclass(frozen=True, slots=True)
class Kernel:
    """The last linear call, left out.

    Attributes:
        features: the node that it reads.
        weight, bias: the nodes of its parameters.
        part: which part of each kernel meets the map; None: all of it.
        meets: which part of the features that kernel meets; None: all of it.
        relu: whether a ReLU follows.
    """

    features: int
    weight: int
    bias: int | None
    part: Slices | None
    meets: Slices | None
    relu: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be computed for an objective.

    Attributes:
        wanted: the nodes whose values are wanted.
        size: (y, x) of the images.
        exact_field: whether they are the unit's receptive field.
        part: which part of every map is computed; None: all of it.
        kernel: the last linear call, where the net is computed up to it only; else None.
    """

    wanted: tuple[int, ...]
    size: tuple[int, int]
    exact_field: bool
    part: Part | None
    kernel: Kernel | None

    def numbers(self, tape: Tape, computed: Sequence[int]) -> int:
        """How many numbers the maps of one image hold."""
        total = 0
        for index in computed:
            shape = lengths(tape.nodes[index].shape, 1)
            count = math.prod(shape)
            if self.part is not None and index in self.part.boxes:
                whole = self.part.maps[index].size or (1, 1)
                count = count * math.prod(size_of(self.part.boxes[index])) // math.prod(whole)
            total += count
        return total


def plan(traced: LayeredTape, layer: str, *, exact_field: bool) -> Plan:
    """How to compute a layer: cut and without its last kernel where that is possible.

    Without ``exact_field`` the whole map is computed, from the whole image.
    """
    target = traced.nodes[layer]
    size = traced.maps[traced.tape.data].size or (1, 1)
    whole = Plan((target,), size, False, None, None)
    if not exact_field:
        return whole
    kernel = _last_kernel(traced, target)
    if kernel is not None:
        return _before_kernel(traced, target, kernel, size)
    middle = _middle(traced, target)
    if middle is None:
        return whole
    part = _part(traced, target, middle)
    if part is None:
        return whole
    cut = size_of(part.boxes[traced.tape.data])
    return Plan((target,), cut, cut != size, part, None)


def _middle(traced: LayeredTape, target: int) -> Box | None:
    """The centre of the target's map, as a box of one place; None where it is no map."""
    size = traced.maps[target].size if target in traced.maps else None
    if size is None:
        return None
    y, x = centre(size)
    return (y, y), (x, x)


def _part(traced: LayeredTape, target: int, needed: Box) -> Part | None:
    """What of every map a box of the target needs; None where that is not known."""
    boxes = needed_boxes(traced.maps, traced.tape.data, target, needed)
    return None if boxes is None else Part(boxes, traced.maps, traced.axes)


def _last_kernel(traced: LayeredTape, target: int) -> Kernel | None:
    """The convolution or dense layer that makes the target, a ReLU between them or not."""
    tape, maps = traced.tape, traced.maps
    node, relu = tape.nodes[target], False
    if is_relu(node):
        source = arguments(node).get("input")
        if not isinstance(source, Ref):
            return None
        node, relu = tape.nodes[source.node], True
    given = arguments(node)
    features, weight, bias = given.get("input"), given.get("weight"), given.get("bias")
    if not isinstance(features, Ref) or not isinstance(weight, Ref) or features.node not in maps:
        return None
    rank = len(tape.nodes[features.node].shape)
    plain = given.get("groups", 1) == 1
    if weight.node in maps or not plain or (name_of(node), rank) not in _LINEAR:
        return None
    if bias is not None and (not isinstance(bias, Ref) or bias.node in maps):
        return None
    return Kernel(
        features.node, weight.node, bias.node if isinstance(bias, Ref) else None, None, None, relu
    )


_LINEAR = (("linear", 2), ("conv2d", 4))


def _before_kernel(traced: LayeredTape, target: int, kernel: Kernel, size: tuple[int, int]) -> Plan:
    tape, maps = traced.tape, traced.maps
    wanted = tuple(
        each for each in (kernel.features, kernel.weight, kernel.bias) if each is not None
    )
    made = target if kind_of(tape.nodes[target]) == "convolution" else None
    if made is None and kernel.relu:
        made = maps[target].sources[0]
    window = maps[made].window if made is not None else None
    features = maps[kernel.features].size
    middle = _middle(traced, target)
    if window is None or features is None or middle is None:
        return Plan(wanted, size, False, None, kernel)
    overlap = kernel_overlap(window, (middle[0][0], middle[1][0]), features)
    if overlap is None:
        return Plan(wanted, size, False, None, kernel)
    box, part = overlap
    cut = _part(traced, kernel.features, box)
    if cut is None:
        seen = replace(kernel, part=part, meets=strided(box, window))
        return Plan(wanted, size, False, None, seen)
    (top, bottom), (left, right) = box
    inside = strided(((0, bottom - top), (0, right - left)), window)
    dilated = window.dilate != (1, 1)
    seen = replace(kernel, part=part, meets=inside if dilated else None)
    shown = size_of(cut.boxes[tape.data])
    return Plan(wanted, shown, shown != size, cut, seen)
