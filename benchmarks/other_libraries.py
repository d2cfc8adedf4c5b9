"""Captum, pytorch-grad-cam and zennit, importable without torchvision and OpenCV.

They import them for their models and pictures, neither of which is measured here, and there is no
build of torchvision for the PyTorch that these benchmarks use.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

_NAMES = {
    "torchvision": (),
    "torchvision.models": (),
    "torchvision.models.vgg": ("VGG",),
    "torchvision.models.resnet": ("ResNet", "BasicBlock", "Bottleneck"),
    "torchvision.transforms": ("Compose", "Normalize", "ToTensor"),
    "torchvision.transforms.functional": ("resize",),
    "cv2": ("COLORMAP_JET",),
}


def stand_in() -> None:
    """Put an empty module in the place of each that is not installed."""
    missing = [name for name in ("torchvision", "cv2") if importlib.util.find_spec(name) is None]
    for name, classes in _NAMES.items():
        root, _, _ = name.partition(".")
        if root in missing:
            module = ModuleType(name)
            module.__path__ = []
            for each in classes:
                setattr(module, each, type(each, (), {}))
            sys.modules[name] = module
            parent, _, own = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], own, module)
