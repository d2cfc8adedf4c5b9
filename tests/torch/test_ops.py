"""Every operation, on the device that is tested and on the CPU, against the same one in NumPy."""

from __future__ import annotations

from vizframe.network import Ops
from vizframe.testing.ops_contract import OpsContract
from vizframe.torch.ops import TorchHostOps, TorchOps

from .device import DEVICE


class TestAnyDevice(OpsContract):
    def made(self) -> Ops:
        return TorchOps(DEVICE)


class TestHost(OpsContract):
    def made(self) -> Ops:
        return TorchHostOps()
