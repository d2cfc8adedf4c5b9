"""What PyTorch's functions are, in the words that all frameworks share, and what they read.

A node is known by its function's name, since one function goes by many: ``torch.relu``,
``F.relu``, ``Tensor.relu_`` are all ``relu``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vizframe.graph.window import POINTWISE, OperatorWindow, Padding
from vizframe.network.kinds import Kind
from vizframe.torch.batch import function_of
from vizframe.torch.node import Node, Ref

_WORDS: Mapping[Kind, str] = {
    "convolution": "conv1d conv2d conv3d",
    "transposed convolution": "conv_transpose1d conv_transpose2d conv_transpose3d",
    "dense": "linear bilinear",
    "embedding": "embedding embedding_bag",
    "recurrent": "lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell",
    "attention": "scaled_dot_product_attention",
    "normalization": "batch_norm layer_norm group_norm instance_norm local_response_norm rms_norm"
    " normalize",
    "activation": "relu relu6 hardtanh elu selu celu leaky_relu prelu rrelu glu gelu logsigmoid"
    " hardshrink tanhshrink softsign softplus softshrink threshold hardswish hardsigmoid silu mish"
    " sigmoid tanh erf",
    "softmax": "softmax log_softmax softmin gumbel_softmax",
    "pooling": "max_pool1d max_pool2d max_pool3d max_pool2d_with_indices avg_pool1d avg_pool2d"
    " avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d"
    " adaptive_max_pool2d adaptive_max_pool3d lp_pool2d fractional_max_pool2d mean sum amax amin"
    " max min prod norm logsumexp median",
    "dropout": "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout",
    "reshape": "view reshape flatten unflatten permute transpose swapaxes movedim moveaxis t T mT"
    " unsqueeze squeeze getitem select narrow slice chunk split unbind expand repeat tile roll flip"
    " pad interpolate upsample pixel_shuffle pixel_unshuffle channel_shuffle unfold fold view_as"
    " expand_as reshape_as contiguous to float half double detach clone gather index_select take"
    " repeat_interleave as_strided diagonal",
    "join": "cat concat concatenate stack hstack vstack dstack",
    "arithmetic": "add sub subtract mul multiply div divide true_divide rsub rtruediv truediv pow"
    " exp log log2 log1p expm1 sqrt rsqrt square abs neg reciprocal clamp clamp_min clamp_max clip"
    " maximum minimum matmul mm bmm addmm baddbmm einsum sign round floor ceil sin cos where"
    " addcmul addcdiv lerp cumsum masked_fill setitem eq ne gt ge lt le radd rmul rpow floordiv mod"
    " argmax argmin sigmoid_focal fmod remainder tensordot outer",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}

_SHOWN: Mapping[str, str] = {
    "conv1d": "Conv1d",
    "conv2d": "Conv2d",
    "conv3d": "Conv3d",
    "linear": "Linear",
    "batch_norm": "BatchNorm",
    "layer_norm": "LayerNorm",
    "group_norm": "GroupNorm",
}

_PLACE_BY_PLACE = """
    add sub subtract mul multiply div divide true_divide rsub rtruediv truediv pow exp log log2
    log1p expm1 sqrt rsqrt square abs neg reciprocal clamp clamp_min clamp_max clip maximum minimum
    sign round floor ceil sin cos radd rmul rpow masked_fill where addcmul addcdiv lerp permute
    transpose swapaxes movedim moveaxis contiguous to float half double detach clone
"""
_POINTWISE = (
    frozenset(_PLACE_BY_PLACE.split())
    | frozenset(_WORDS["activation"].split())
    | frozenset(_WORDS["dropout"].split())
) - {"glu"}

_NONNEGATIVE_NAMES = """
    relu relu6 sigmoid hardsigmoid softmax softmin exp square abs sqrt softplus norm
"""
_NONNEGATIVE = frozenset(_NONNEGATIVE_NAMES.split())
_PASSING_ON: tuple[Kind, ...] = ("pooling", "dropout", "reshape", "join")
_IF_ALL_NAMES = """
    add mul multiply div truediv true_divide matmul maximum minimum iadd
"""
_IF_ALL = frozenset(_IF_ALL_NAMES.split())

_ARGUMENTS: Mapping[str, str] = {
    "conv1d": "input weight bias stride padding dilation groups",
    "conv2d": "input weight bias stride padding dilation groups",
    "conv3d": "input weight bias stride padding dilation groups",
    "conv_transpose1d": "input weight bias stride padding output_padding groups dilation",
    "conv_transpose2d": "input weight bias stride padding output_padding groups dilation",
    "conv_transpose3d": "input weight bias stride padding output_padding groups dilation",
    "linear": "input weight bias",
    "embedding": "input weight",
    "max_pool2d": "input kernel_size stride padding dilation ceil_mode",
    "max_pool2d_with_indices": "input kernel_size stride padding dilation ceil_mode",
    "avg_pool2d": "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "batch_norm": "input running_mean running_var weight bias training",
    "layer_norm": "input normalized_shape weight bias eps",
    "group_norm": "input num_groups weight bias eps",
    "dropout": "input p training inplace",
    "hardtanh": "input min_val max_val inplace",
    "clamp": "input min max",
    "clip": "input min max",
    "clamp_min": "input min",
    "pad": "input pad mode value",
    "softmax": "input dim",
    "log_softmax": "input dim",
}
_OTHER_NAMES = {"self": "input", "target": "input"}


def name_of(node: Node) -> str:
    """The function's name, whatever it is called by.

    >>> name_of(Node(word="__iadd__")), name_of(Node(word="relu_"))
    ('add', 'relu')
    """
    name = node.word
    if name.startswith("__") and name.endswith("__"):
        name = name.strip("_")
        return name[1:] if name.startswith("i") and name[1:] in _KINDS else name
    return name.removesuffix("_") or name


def arguments(node: Node) -> dict[str, Any]:
    """The arguments by name, for the functions whose meaning depends on them."""
    names = _ARGUMENTS.get(name_of(node), "input").split()
    found = dict(zip(names, node.args, strict=False))
    found.update({_OTHER_NAMES.get(key, key): each for key, each in node.kwargs.items()})
    return found


def kind_of(node: Node) -> Kind:
    """What the function is; a clamp at zero is an activation, as a ReLU is."""
    if is_relu(node) or is_bounded_relu(node):
        return "activation"
    return _KINDS.get(name_of(node), "other")


def shown_operator(node: Node) -> str:
    """The name of the operator that is shown: ``Conv2d``, ``max_pool2d``, ``add``."""
    name = name_of(node)
    return _SHOWN.get(name, name)


def is_relu(node: Node) -> bool:
    """Whether it gives max(0, input)."""
    name, given = name_of(node), arguments(node)
    if name == "relu":
        return True
    lower = given.get("min")
    bounded = given.get("max") is not None
    return name in ("clamp", "clip", "clamp_min") and is_zero(lower) and not bounded


def is_bounded_relu(node: Node) -> bool:
    """Whether it is a ReLU that gives no more than some number, as MobileNet's ReLU6 does."""
    name = name_of(node)
    if name == "relu6":
        return True
    given = arguments(node)
    low = given.get("min_val", given.get("min"))
    high = given.get("max_val", given.get("max"))
    named = name in ("hardtanh", "clamp", "clip")
    return named and is_zero(low) and isinstance(high, int | float) and high > 0


def most_of(node: Node) -> float:
    """The bound of a bounded ReLU."""
    given = arguments(node)
    most: Any = 6.0 if name_of(node) == "relu6" else given.get("max_val", given.get("max"))
    return float(most)


def is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and value == 0


def window_of(node: Node, rank: int, kernel: tuple[int, ...]) -> OperatorWindow | None:
    """The window that one place of the output reads; None where that may be the whole map.

    Args:
        rank: of its output, the images' axis counted.
        kernel: (y, x) of its weight, of a convolution.
    """
    name, given = name_of(node), arguments(node)
    if name == "conv2d" and rank == 4:
        return _convolution_window(given, (kernel[0], kernel[1]))
    if name in ("max_pool2d", "max_pool2d_with_indices", "avg_pool2d") and rank == 4:
        kernel = pair(given["kernel_size"])
        return OperatorWindow(
            kernel,
            pair(given.get("stride") or kernel),
            pair(given.get("padding", 0)),
            pair(given.get("dilation", 1)),
        )
    if name == "pad" and rank == 4:
        return _padding_window(node)
    if name == "batch_norm":
        return None if given.get("training") is True else POINTWISE
    if name == "layer_norm":
        return POINTWISE if len(given["normalized_shape"]) == 1 else None
    if name in ("cat", "concat", "concatenate", "linear"):
        return POINTWISE
    return POINTWISE if name in _POINTWISE else None


def _convolution_window(given: Mapping[str, Any], kernel: tuple[int, int]) -> OperatorWindow:
    dilation, padding = pair(given.get("dilation", 1)), given.get("padding", 0)
    if padding == "same":
        padding = tuple(d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True))
    elif padding == "valid":
        padding = 0
    return OperatorWindow(kernel, pair(given.get("stride", 1)), pair(padding), dilation)


def _padding_window(node: Node) -> OperatorWindow | None:
    """The window of a call that pads a map with zeros; None of any other padding."""
    given = arguments(node)
    widths, zero = given.get("pad"), given.get("value") in (None, 0)
    if given.get("mode", "constant") != "constant" or not zero or not isinstance(widths, tuple):
        return None
    if len(widths) != 4 or not all(isinstance(each, int) and each >= 0 for each in widths):
        return None
    left, _, top, _ = widths
    # A kernel of one is the same by any dilation; this one tells it from a broadcast of one place.
    return OperatorWindow((1, 1), (1, 1), (top, left), (2, 2))


def padding_of(node: Node) -> Padding:
    """How the operator reads beyond the edges of its input."""
    given = arguments(node)
    if name_of(node) != "avg_pool2d":
        return "constant"
    counted = given.get("count_include_pad", True) or given.get("divisor_override")
    return "counted" if counted else "left out"


def without_padding(node: Node) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """The node's function and arguments without padding, for a map that was padded before."""
    given = arguments(node)
    name = name_of(node)
    if name == "conv2d":
        given = {**given, "padding": 0}
    elif name == "pad":
        return _same, (given["input"],), {}
    elif name in ("max_pool2d", "max_pool2d_with_indices", "avg_pool2d"):
        given = {**given, "padding": 0, "ceil_mode": False}
    else:
        return node.function or _missing, node.args, dict(node.kwargs)
    function = function_of(node)
    names = _ARGUMENTS[name].split()[:3] if name == "conv2d" else ["input", "kernel_size"]
    args = tuple(given.pop(key, None) for key in names)
    return function, args, given


def _same(given: Any) -> Any:
    return given


def _missing(*_given: Any, **_named: Any) -> Any:
    raise AssertionError("a node without a function is not called")


def pair(value: Any) -> tuple[int, int]:
    """(y, x) of one number or two."""
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    return (values[0], values[-1])


def cannot_be_negative(node: Node, inputs: Sequence[bool]) -> bool:
    """Whether what it gives is never below zero; ``inputs`` says it of what it reads."""
    name = name_of(node)
    if is_relu(node) or is_bounded_relu(node) or name in _NONNEGATIVE:
        return True
    numbers = [each for each in node.args if isinstance(each, int | float) and each is not True]
    passes = kind_of(node) in _PASSING_ON or (name in _IF_ALL and all(n >= 0 for n in numbers))
    return passes and bool(inputs) and all(inputs)


def reads(node: Node) -> list[int]:
    """The nodes among its arguments, in their order."""
    found: list[int] = []

    def look(value: Any) -> None:
        if isinstance(value, Ref):
            found.append(value.node)
        elif isinstance(value, list | tuple):
            for each in value:
                look(each)
        elif isinstance(value, Mapping):
            look(list(value.values()))

    look(node.args)
    look(node.kwargs)
    return found


def nonnegative_nodes(nodes: Sequence[Node]) -> set[int]:
    """The nodes whose outputs cannot be below zero, whatever the parameters are."""
    found: set[int] = set()
    for index, node in enumerate(nodes):
        if node.function is not None:
            inputs = [each in found for each in reads(node)]
            if cannot_be_negative(node, inputs):
                found.add(index)
    return found
