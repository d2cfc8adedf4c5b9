"""The device that the tests of this room use: the CPU, or what VIZFRAME_TEST_DEVICE names, such as
cuda.

    VIZFRAME_TEST_DEVICE=cuda pytest tests/torch/test_contract.py tests/torch/test_modern.py
"""

from __future__ import annotations

import os

import torch

DEVICE = torch.device(os.environ.get("VIZFRAME_TEST_DEVICE", "cpu"))

# What is compared with NumPy is computed in float32, not in the 10 bits of TF32.
torch.backends.cudnn.allow_tf32 = False
torch.backends.cuda.matmul.allow_tf32 = False
