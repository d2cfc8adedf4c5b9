"""What Captum, pytorch-grad-cam and zennit make of the net and the images of `agreement_net`."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval

from benchmarks.agreement_net import CLASSES, IMAGES, torch_net
from benchmarks.other_libraries import stand_in
from vizframe.images.overlay import resample

stand_in()

from captum import attr as captum  # noqa: E402  # needs what stands in
from pytorch_grad_cam import GradCAM, HiResCAM, LayerCAM, ScoreCAM, XGradCAM  # noqa: E402
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402
from zennit.attribution import Gradient  # noqa: E402
from zennit.composites import EpsilonGammaBox, EpsilonPlus, EpsilonPlusFlat  # noqa: E402
from zennit.layer import Sum  # noqa: E402

Values = npt.NDArray[Any]

STEPS = 8
EPSILON = 0.1


def references(module: Any) -> dict[str, tuple[str, Values]]:
    """By the method's name: which library, and its maps as ours are, (probe, y, x[, channel])."""
    images = torch.from_numpy(IMAGES)
    scores = module(images).detach()
    classes = scores.argmax(dim=1)
    found = {name: ("Captum", each) for name, each in _captum(module, images, classes).items()}
    for name, each in _cams(module, images, classes).items():
        found[name] = "pytorch-grad-cam", each
    for name, each in _zennit(images, scores, classes).items():
        found[f"relevance_{name}"] = "zennit", each
    return found


def _captum(module: Any, images: Any, classes: Any) -> dict[str, Values]:
    nothing = torch.zeros_like(images[:1])
    gradient = captum.Saliency(module).attribute(images.clone(), classes, abs=True)
    product = captum.InputXGradient(module).attribute(images.clone(), classes)
    guided = captum.GuidedBackprop(module).attribute(images.clone(), classes)
    black = torch.full_like(nothing, -4.0)
    # Captum's trapezium of n points weighs them by 1/n; the interval has n − 1 of them.
    integrated = captum.IntegratedGradients(module).attribute(
        images, black, classes, n_steps=STEPS + 1, method="riemann_trapezoid"
    ) * ((STEPS + 1) / STEPS)
    occluded = captum.Occlusion(module).attribute(
        images, (3, 8, 8), strides=(3, 4, 4), baselines=-4.0, target=classes
    )
    return {
        "gradient": _numpy(gradient).max(axis=1),
        "gradient_input": _numpy(product).sum(axis=1),
        "guided": np.moveaxis(_numpy(guided), 1, -1),
        "integrated": _numpy(integrated).sum(axis=1),
        "occlusion": _numpy(occluded).mean(axis=1),
    }


def _cams(module: Any, images: Any, classes: Any) -> dict[str, Values]:
    targets = [ClassifierOutputTarget(int(each)) for each in classes]
    kinds = {
        "grad_cam": (GradCAM, module[5]),
        "hires_cam": (HiResCAM, module[5]),
        "layer_cam": (LayerCAM, module[5]),
        "xgrad_cam": (XGradCAM, module[5]),
        "score_cam": (ScoreCAM, module[0]),
    }
    found = {}
    for name, (kind, layer) in kinds.items():
        with kind(model=module, target_layers=[layer]) as cam:
            output = cam.activations_and_grads(images)
            if cam.uses_gradients:
                module.zero_grad()
                sum(target(each) for target, each in zip(targets, output, strict=True)).backward()
            maps = cam.activations_and_grads.activations[0].numpy()
            gradients = cam.activations_and_grads.gradients
            gradient = gradients[0].numpy() if gradients else None
            made = cam.get_cam_image(images, layer, targets, maps, gradient, False)
        found[name] = resample(np.maximum(made, 0), (images.shape[2], images.shape[3]))
    return found


def _zennit(images: Any, scores: Any, classes: Any) -> dict[str, Values]:
    low, high = (torch.full((1, 3, 1, 1), end) for end in (-4.0, 4.0))
    composites = {
        "epsilon_plus": EpsilonPlus,
        "epsilon_plus_flat": EpsilonPlusFlat,
        "epsilon_gamma_box": partial(EpsilonGammaBox, low=low, high=high),
    }
    start = torch.eye(CLASSES)[classes] * scores
    found = {}
    for name, make in composites.items():
        composite = make(epsilon=EPSILON, stabilizer=EPSILON)
        with Gradient(model=merged(torch_net(Sum)), composite=composite) as attributor:
            _, relevance = attributor(images, start)
        found[name] = _numpy(relevance).sum(axis=1)
    return found


def merged(net: Any) -> Any:
    """The net with every BatchNorm in the convolution before it. zennit's own canonizer leaves a
    factor of 1 − 5e-6 behind (the ε of what should be the identity), which small units magnify."""
    for parent in list(net.modules()):
        names = list(dict(parent.named_children()))
        for one, other in itertools.pairwise(names):
            first, second = getattr(parent, one), getattr(parent, other)
            if isinstance(first, torch.nn.Conv2d) and isinstance(second, torch.nn.BatchNorm2d):
                setattr(parent, one, fuse_conv_bn_eval(first, second))
                setattr(parent, other, torch.nn.Identity())
    return net


def _numpy(values: Any) -> Values:
    return np.asarray(values.detach().numpy(), np.float64)
