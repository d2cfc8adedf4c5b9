"""What sees the calls of PyTorch that a net makes, and keeps them as the nodes of a tape.

The mode stands above all that dispatches, so a node is what a person reads in the script, and its
ReLUs, functional or not, can be given another rule when it is played again (see `replay`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from vizframe.errors import NetworkError
from vizframe.network import ReluRule
from vizframe.torch.custom_gradients import refuse_custom_gradient
from vizframe.torch.metadata import METADATA
from vizframe.torch.node import (
    InPlace,
    Node,
    NoTape,
    Ref,
    Sparing,
    WriteBack,
    places_in,
    take,
)
from vizframe.torch.operators import is_bounded_relu, is_relu, kind_of, most_of
from vizframe.torch.ruled import Ruled
from vizframe.torch.rules import differentiable, ruled_relu
from vizframe.torch.shadow import Shadow, tensors_in
from vizframe.torch.uncast import call_uncast
from vizframe.torch.wide import wide_call
from vizframe.torch.words import AS_NUMBER, is_in_place, word_of
from vizframe.torch.written_products import linear_of

_ATTENTION = torch.nn.functional.multi_head_attention_forward
_OPEN_ATTENTION = type(_ATTENTION)(
    _ATTENTION.__code__,
    {**vars(torch.nn.functional), "has_torch_function": lambda _given: False},
    _ATTENTION.__name__,
    _ATTENTION.__defaults__,
    _ATTENTION.__closure__,
)
_OPEN_ATTENTION.__kwdefaults__ = _ATTENTION.__kwdefaults__
"""The same function, which does not hand itself over to the mode as one call: what it calls is
seen."""


class TapeRecorder(TorchFunctionMode):
    """Records the calls of PyTorch that are made inside it.

    Args:
        shadow: the module that is called inside.
        images: what it is called with.
        live, rule, ruled: see `vizframe.torch.tape.trace`.

    Attributes:
        nodes: of the calls so far, in their order.
        data: the number of the images' node.
        modules: see `vizframe.torch.node.Tape`.
    """

    def __init__(
        self,
        shadow: Shadow,
        images: Any,
        *,
        live: bool = False,
        rule: ReluRule = "plain",
        ruled: Ruled | None = None,
    ) -> None:
        super().__init__()
        self._shadow = shadow
        self._live, self._rule = live, rule
        self._ruled = ruled or Ruled()
        self._depth = 0
        self.nodes: list[Node] = []
        self.modules: list[tuple[str, int, bool]] = []
        self._of: dict[int, tuple[int, int]] = {}
        """By a tensor's id its node, and how often its memory had been written to then."""
        self._tensors: dict[int, Any] = {}
        """By node its tensor: held, so that no other one gets its id."""
        self._views: dict[int, tuple[Any, int]] = {}
        """By a view's id the tensor that it is of, and the node that took it."""
        self._entered: list[bool] = []
        """Of each module that is being called, whether it has called others."""
        self._depends: set[int] = set()
        """The nodes that depend on the images."""
        self._leafy: set[int] = set()
        """The nodes that depend on the model's own tensors."""
        self.data = self._add(Node(word="images"), images)
        self._depends.add(self.data)

    def __enter__(self) -> TapeRecorder:
        self._shadow.path.entered, self._shadow.path.left = self._enter, self._leave
        self._depth += 1
        super().__enter__()
        return self

    def __exit__(self, *given: Any) -> None:
        self._depth -= 1
        if not self._depth:  # it is entered again inside of an attention
            self._shadow.path.entered = self._shadow.path.left = None
        super().__exit__(*given)

    def index_of(self, tensor: Any) -> int | None:
        """The node that gave a tensor."""
        found = self._of.get(id(tensor))
        return None if found is None else found[0]

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        if self._shadow.is_widened:
            func, args, named = wide_call(func, args, named)
        if func is _ATTENTION:
            with self:
                return _OPEN_ATTENTION(*args, **named)
        word = word_of(func)
        if word in METADATA:
            return func(*args, **named)
        product = linear_of(word, args, named, self._shadow.parameters)
        if product is not None:
            with self:
                return product()
        if not self._live:
            refuse_custom_gradient()
        given = list(tensors_in([args, named]))
        self._refuse_parameters(word, given, named)
        before = [version_of(each) for each in given]
        inputs = Inputs(self, word)
        call = inputs.of(args), {key: inputs.of(each) for key, each in named.items()}
        if self._live:
            self._keep_old(word, given, named)
        result = call_uncast(self._called, func, word, call, args, named)
        if self._live:
            result = self._begun(result, inputs.found)
        written = [
            each
            for each, old in zip(given, before, strict=True)
            if old is not None and version_of(each) != old
        ]
        if written:
            self._write(func, word, call, inputs.found, written, result)
            return result
        self._note(func, word, call, inputs.found, result)
        return result

    def _called(self, func: Any, word: str, call: Any, args: Any, named: dict[str, Any]) -> Any:
        node = Node(func, call[0], call[1], word=word)
        if len(self.nodes) in self._ruled.nodes and not is_in_place(word):
            return self._ruled.call(self.nodes)
        if self._live and kind_of(node) == "recurrent":
            return differentiable(func)(*args, **named)
        if word in AS_NUMBER:  # which warns of a gradient that ends here
            return func(*(each.detach() for each in args))
        if self._rule == "plain":
            return func(*args, **named)
        if not is_relu(node) and not is_bounded_relu(node):
            return func(*args, **named)
        most = most_of(node) if is_bounded_relu(node) else inf
        return ruled_relu(next(tensors_in([args, named])), self._rule, most)

    def _begun(self, result: Any, inputs: list[int]) -> Any:
        """What the net computed first of token ids, which have no gradients: from here on there are
        some, if they are to be kept."""
        begins = (
            torch.is_grad_enabled()
            and isinstance(result, torch.Tensor)
            and result.is_floating_point()
            and not result.requires_grad
            and any(each in self._depends for each in inputs)
        )
        return result.detach().requires_grad_().clone() if begins else result

    def _keep_old(self, word: str, given: list[Any], named: dict[str, Any]) -> None:
        """Keep what a tensor held before it is written to; functions that can do without do so."""
        if named.get("inplace"):
            named["inplace"] = False
        elif is_in_place(word) and given and id(given[0]) in self._of:
            self.nodes[self._of[id(given[0])][0]].value = given[0].clone()

    def _note(self, func: Any, word: str, call: Any, inputs: list[int], result: Any) -> None:
        """Add the node of a call that gave something new."""
        if isinstance(result, torch.Tensor):
            if id(result) not in self._of or self._of[id(result)][0] not in inputs:
                index = self._add(self._node(func, word, call, inputs), result)
                self._remember_view(index, result, call)
            return
        tensors = list(tensors_in(result)) if isinstance(result, list | tuple | dict) else []
        if tensors:
            whole = self._add(self._node(func, word, call, inputs), None)
            for place, tensor in places_in(result):
                part = Node(take, (Ref(whole), place), {}, (whole,), self._shadow.path.now, word)
                self._add(part, tensor)
        elif self._live or result is None:
            return
        elif any(i in self._depends or i in self._leafy for i in inputs):
            raise NoTape(f"it reads values while it runs ({word}), and may do other things then")

    def _refuse_parameters(self, word: str, given: list[Any], named: dict[str, Any]) -> None:
        """Raises NoTape before a parameter is written to: it is the model's own."""
        targets = [named["out"]] if named.get("out") is not None else []
        if is_in_place(word) or named.get("inplace"):
            targets += given[:1]
        if any(id(each) in self._shadow.parameters for each in tensors_in(targets)):
            raise NetworkError(
                f"the network changes a parameter of its own in a forward pass ({word}); "
                "it can be one that does so in training mode alone"
            )

    def _write(
        self, func: Any, word: str, call: Any, found: list[int], written: list[Any], result: Any
    ) -> None:
        """Add the node of a call that wrote to tensors in place: it gives a new value of the one it
        wrote to. What it counts in beside its result, as a batch normalization does, is left."""
        targets = [self._of[id(each)][0] for each in written]
        if isinstance(result, torch.Tensor) and all(result is not each for each in written):
            self._add(self._node(Sparing(func, frozenset(targets)), word, call, found), result)
        elif len(written) == 1:
            made = self._node(in_place(func, targets[0], call), word, call, found)
            self._write_back(written[0], self._add(made, written[0]))
        elif not self._live:
            raise NoTape(f"it changes several tensors in place at once ({word})")

    def _remember_view(self, index: int, result: Any, call: Any) -> None:
        """Note that a result lies on the memory of the first argument: what is written to the one
        is written to the other."""
        args, _ = call
        first = args[0] if args and isinstance(args[0], Ref) else None
        base = None if first is None else self._tensors.get(first.node)
        if base is not None and shares_memory(result, base):
            self._views[id(result)] = base, index

    def _write_back(self, written: Any, index: int) -> None:
        """Add the new value of the tensor that a view was taken of, since the view was written
        to."""
        functions: list[Any] = []
        calls: list[Any] = []
        while id(written) in self._views:
            base, made = self._views[id(written)]
            view = self.nodes[made]
            functions.insert(0, view.function)
            calls.insert(0, (tuple(view.args[1:]), dict(view.kwargs)))
            old = self._of[id(base)][0]
            args = (Ref(old), Ref(index), list(calls))
            node = Node(WriteBack(tuple(functions)), args, {}, (old, index), word="write_back")
            self._add(node, base)
            written = base

    def _node(self, func: Any, word: str, call: Any, inputs: list[int]) -> Node:
        args, kwargs = call
        unique = tuple(dict.fromkeys(inputs))
        return Node(func, args, kwargs, unique, self._shadow.path.now, word)

    def _add(self, node: Node, value: Any) -> int:
        index = len(self.nodes)
        self.nodes.append(node)
        if value is not None:
            node.shape = tuple(value.shape)
            copied = node.function is not None and not self._live
            node.value = value.detach().clone() if copied else value
            self._tensors[index] = value
            self._of[id(value)] = index, version_of(value) or 0
        if any(each in self._depends for each in node.inputs):
            self._depends.add(index)
        if node.leaf is not None or any(each in self._leafy for each in node.inputs):
            self._leafy.add(index)
        return index

    def ref(self, tensor: Any, word: str) -> Ref:
        """The node of a tensor that a call reads now.

        Raises:
            NoTape: its memory was written to through another tensor.
        """
        found = self._of.get(id(tensor))
        if found is None:
            leaf = self._shadow.aliases.get(id(tensor))
            constant = None if leaf is not None else tensor
            return Ref(self._add(Node(leaf=leaf, constant=constant), tensor))
        index, version = found
        is_stale = version_of(tensor) not in (None, version) and word != "__setitem__"
        if is_stale and not self._live:
            raise NoTape(f"it reads a tensor whose memory was changed through another ({word})")
        return Ref(index)

    def _enter(self, _name: str) -> None:
        if self._entered:
            self._entered[-1] = True
        self._entered.append(False)

    def _leave(self, name: str, output: Any) -> None:
        has_children = self._entered.pop() if self._entered else True
        tensor = next(tensors_in(output), None)
        index = None if tensor is None else self.index_of(tensor)
        if index is not None and index in self._depends:
            self.modules.append((name, index, has_children))


class Inputs:
    """The arguments of a call, each tensor as a `Ref`."""

    def __init__(self, recorder: TapeRecorder, word: str) -> None:
        self._recorder, self._word = recorder, word
        self.found: list[int] = []

    def of(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            ref = self._recorder.ref(value, self._word)
            self.found.append(ref.node)
            return ref
        if isinstance(value, torch.Size):
            return tuple(value)
        if type(value) in (list, tuple):
            return type(value)(self.of(each) for each in value)
        if isinstance(value, slice):
            return slice(self.of(value.start), self.of(value.stop), self.of(value.step))
        if type(value) is dict:
            return {key: self.of(each) for key, each in value.items()}
        return value


def version_of(tensor: Any) -> int | None:
    """How often a tensor's memory was written to; None where that is not counted."""
    if type(tensor).__name__ == "_Placeholder" or tensor.is_inference():
        return None
    version: int = tensor._version
    return version


def shares_memory(one: Any, two: Any) -> bool:
    """Whether two tensors lie on the same memory."""
    try:
        same: bool = one.untyped_storage().data_ptr() == two.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError):  # sparse ones, and those without memory
        return False
    return same and one is not two


def in_place(func: Any, target: int, call: Any) -> Callable[..., Any]:
    """The function as one that gives a new value: PyTorch's own where there is one."""
    args, kwargs = call
    places = [n for n, each in enumerate(args) if each == Ref(target)]
    names = [key for key, each in kwargs.items() if each == Ref(target)]
    if not places and not names:
        raise NoTape(f"it changes a tensor in place inside of a list ({word_of(func)})")
    return InPlace(func, places[0] if places else names[0])
