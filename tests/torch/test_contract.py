"""The exam that every adapter sits: PyTorch's beside the network written out in NumPy, in as many
forms as people write their nets in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import nn

from vizframe.network import Network
from vizframe.testing.cases import coarse
from vizframe.testing.network import FEW, Case, ChainContract, NetworkContract
from vizframe.testing.reference import ReferenceNetwork
from vizframe.torch.view import view

from .cases import NETS
from .device import DEVICE
from .nets import Functional, sequential_of


class TorchContract(ChainContract):
    """What all forms share."""

    def __init_subclass__(cls) -> None:
        cls.models = {}

    models: dict[int, Any]

    def module(self, reference: ReferenceNetwork) -> Any:
        raise NotImplementedError

    def adapt(self, reference: ReferenceNetwork) -> Network:
        module = self.module(reference).to(DEVICE)
        found = view(module, reference.input_shape, class_names=reference.class_names)
        self.models[id(found)] = module
        return found

    def state_of(self, network: Network) -> Mapping[str, object]:
        module = self.models.get(id(network))
        if module is None:
            return super().state_of(network)
        tensors = {
            name: each.detach().cpu().double().numpy().tobytes()
            for name, each in module.state_dict().items()
        }
        return {
            **tensors,
            "versions": [each._version for each in module.parameters()],
            "gradients": [each.grad is None for each in module.parameters()],
            "needed": [each.requires_grad for each in module.parameters()],
            "modes": [each.training for each in module.modules()],
            "hooks": [
                (list(each._forward_hooks), list(each._forward_pre_hooks))
                for each in module.modules()
            ],
            "random": torch.random.get_rng_state().numpy().tobytes(),
            "random of the device": device_random(),
            "recording": torch.is_grad_enabled(),
        }


def device_random() -> bytes:
    """The state of the device's own generator."""
    if DEVICE.type == "cpu":
        return b""
    state: bytes = torch.get_device_module(DEVICE).get_rng_state(DEVICE).numpy().tobytes()
    return state


class TestSequential(TorchContract, NetworkContract):
    def module(self, reference: ReferenceNetwork) -> Any:
        return sequential_of(reference)

    def adapt_case(self, case: Case) -> Network:
        module = NETS[case.name](case).to(DEVICE).train(case.name == "train_mode")
        found = view(module, case.reference.input_shape, others=case.others)
        self.models[id(found)] = module
        return found


class TestInPlace(TorchContract):
    sound = FEW

    def module(self, reference: ReferenceNetwork) -> Any:
        return sequential_of(reference, inplace=True)


class TestFunctional(TorchContract):
    sound = FEW

    def module(self, reference: ReferenceNetwork) -> Any:
        return Functional(reference)


class TestChannelsLast(TorchContract):
    sound = FEW

    def module(self, reference: ReferenceNetwork) -> Any:
        return sequential_of(reference).to(memory_format=torch.channels_last)


class TestCompiled(TorchContract):
    sound = FEW

    def module(self, reference: ReferenceNetwork) -> Any:
        module = sequential_of(reference)
        module.compile(backend="eager")
        return torch.compile(module, backend="eager")


class TestDouble(TorchContract):
    sound = FEW

    def module(self, reference: ReferenceNetwork) -> Any:
        return sequential_of(reference).double()


class FormatContract(TorchContract, NetworkContract):
    """Modules of a narrower type, whose weights have numbers that every type holds."""

    sound = ("colour",)
    dtype: ClassVar[Any]

    def net(self, build: Callable[..., ReferenceNetwork], **options: int) -> ReferenceNetwork:
        made = super().net(build, **options)
        operations = {
            name: each.with_parameters({key: coarse(v) for key, v in each.parameters.items()})
            for name, each in made.operations.items()
        }
        return ReferenceNetwork(operations, made.input_shape)

    def module(self, reference: ReferenceNetwork) -> Any:
        return sequential_of(reference).to(self.dtype)

    def adapt_case(self, case: Case) -> Network:
        module = NETS[case.name](case).to(DEVICE, self.dtype).train(case.name == "train_mode")
        found = view(module, case.reference.input_shape, others=case.others)
        self.models[id(found)] = module
        return found


class TestHalf(FormatContract):
    dtype = torch.float16


class TestBfloat16(FormatContract):
    dtype = torch.bfloat16


class Same(nn.Module):
    """A parametrization that leaves a weight as it is."""

    def forward(self, weight: Any) -> Any:
        return weight * 1.0


class TestParametrized(TorchContract):
    sound = FEW

    def module(self, reference: ReferenceNetwork) -> Any:
        module = sequential_of(reference)
        for each in module:
            if hasattr(each, "weight"):
                nn.utils.parametrize.register_parametrization(each, "weight", Same())
        return module


class Looking(nn.Module):
    """A net that does what depends on its images: no tape holds it."""

    def __init__(self, reference: ReferenceNetwork) -> None:
        super().__init__()
        self.layers = sequential_of(reference)

    def forward(self, x: Any) -> Any:
        return self.layers(x if float(x.mean()) > -1e9 else -x)


class TestLooking(TorchContract):
    sound, crops = FEW, False

    def module(self, reference: ReferenceNetwork) -> Any:
        return Looking(reference)
