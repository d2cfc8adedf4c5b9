"""What a tensor tells of itself without being read: such calls are no part of a tape."""

from __future__ import annotations

_NAMES = """
    size dim ndim shape dtype device layout numel nelement stride storage_offset element_size
    is_contiguous is_cuda is_cpu is_mps is_meta is_sparse is_quantized is_complex is_leaf
    is_floating_point is_signed is_inference is_nested is_mkldnn is_xla is_neg is_conj is_tensor
    requires_grad requires_grad_ grad grad_fn _version __len__ len type get_device names
    has_names data_ptr result_type can_cast promote_types is_same_size itemsize nbytes
    broadcast_shapes __hash__ __repr__ __format__ output_nr retains_grad is_shared is_pinned
    is_xpu is_hpu is_ipu is_vulkan is_maia is_mtia is_sparse_csr _backward_hooks _is_view _base
    volatile
"""
METADATA = frozenset(_NAMES.split())
