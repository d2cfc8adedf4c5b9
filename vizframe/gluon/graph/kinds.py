"""What MXNet's operators are, in the words that all frameworks share."""

from __future__ import annotations

from collections.abc import Mapping

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.rules import is_bounded_relu, is_relu
from vizframe.network.kinds import KERNEL_KINDS, Kind

_PREFIXES = ("_contrib_", "_npx_", "_npi_", "_np_", "broadcast_", "elemwise_")
"""One operator goes by several names; what is behind these says which."""

_WORDS: Mapping[Kind, str] = {
    "convolution": "convolution convolution_v1 deformableconvolution modulateddeformableconvolution"
    " deformable_convolution modulated_deformable_convolution",
    "transposed convolution": "deconvolution",
    "dense": "fullyconnected fully_connected",
    "embedding": "embedding sparseembedding",
    "recurrent": "rnn",
    "attention": "interleaved_matmul_selfatt_qk interleaved_matmul_encdec_qk"
    " interleaved_matmul_selfatt_valatt interleaved_matmul_encdec_valatt sldwin_atten_score"
    " sldwin_atten_context",
    "normalization": "batchnorm batchnorm_v1 batchnormwithrelu syncbatchnorm layernorm layer_norm"
    " instancenorm groupnorm group_norm batch_norm l2normalization lrn",
    "activation": "activation leakyrelu leaky_relu relu sigmoid hard_sigmoid tanh softsign erf"
    " log_sigmoid mish gelu",
    "softmax": "softmax softmaxoutput softmaxactivation log_softmax softmin masked_softmax"
    " masked_log_softmax",
    "pooling": "pooling pooling_v1 adaptiveavgpooling2d roipooling roialign mean sum max min prod"
    " max_axis min_axis sum_axis nansum norm",
    "dropout": "dropout",
    "reshape": "reshape reshape_like flatten transpose swapaxis swapaxes moveaxis expand_dims"
    " squeeze slice slice_axis slice_like slicechannel split split_v2 pad crop tile repeat flip"
    " reverse upsampling bilinearresize2d broadcast_to to broadcast_like like broadcast_axis axis"
    " depth_to_space space_to_depth copy identity blockgrad cast amp_cast take pick gather_nd"
    " sequencelast sequencereverse sequencemask rollaxis diag",
    "join": "concat concatenate stack hstack vstack rnn_param_concat",
    "arithmetic": "add sub subtract mul multiply div divide true_divide mod power maximum minimum"
    " hypot plus minus rminus rdiv rpower add_n exp log log2 log10 log1p expm1 sqrt rsqrt cbrt"
    " rcbrt square abs absolute negative reciprocal clip sign round rint fix floor ceil trunc sin"
    " cos arctan sinh cosh dot batch_dot matmul linalg_gemm linalg_gemm2 einsum div_sqrt_dim where"
    " smooth_l1 equal not_equal greater greater_equal lesser lesser_equal one_hot argmax argmin"
    " cumsum logical_not rsubtract rtrue_divide",
}
_KINDS: Mapping[str, Kind] = {
    word: kind for kind, words in _WORDS.items() for word in words.split()
}


def base_name(operator: str) -> str:
    """The operator's name without the marks of the interfaces that it is reached by.

    >>> base_name("_npi_add_scalar"), base_name("_contrib_SyncBatchNorm")
    ('add', 'syncbatchnorm')
    """
    name = operator
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name.strip("_").removesuffix("_scalar").lower()


def kind_of(node: Node) -> Kind:
    """What the operator is; a ReLU is an activation however it is spelled."""
    if is_relu(node) or is_bounded_relu(node):
        return "activation"
    return _KINDS.get(base_name(node.operator), "other")


def kind_of_layer(graph: Graph, entry: Entry, made: tuple[int, ...]) -> Kind:
    """What a layer is whose block made these nodes: what its parameters belong to.

    A block of one convolution and a ReLU is a convolution; one that ends in something of its own,
    such as attention, is that.
    """
    own = kind_of(graph.nodes[entry[0]])
    if own in KERNEL_KINDS or own in ("recurrent", "attention"):
        return own
    kernels = [kind for index in sorted(made) if (kind := kind_of(graph.nodes[index])) != "other"]
    last = [kind for kind in kernels if kind in KERNEL_KINDS or kind == "recurrent"]
    return last[-1] if last else own
