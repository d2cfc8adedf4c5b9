"""Nets of torchvision, timm and transformers as vizframe sees them, beside what they are.

    python -m benchmarks.torch_nets [NAME …]

Random weights, eval mode. For each net:

scores   the largest difference from the model's own, as a share of the largest score
layers   how many there are, how many are (unit, y, x), how many have a receptive field
wrong    layers of modules whose kind says how many units they have (convolutions, dense layers,
         normalizations), seen with another number of them, with other axes, or with other values:
         unit by unit, place by place (in any order of the places where the module gets windows of
         the map: that these lie where they are in the image is tests/torch/test_modern.py's)
heads    layers that are (head, …): attention

torchvision's wheel of the package index is a CUDA build; beside PyTorch's CPU build two operators
have to be declared first, which this does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.command import command_line
from vizframe.network import FloatArray, Network
from vizframe.torch.live import LiveNetwork
from vizframe.torch.tape import scores_in
from vizframe.torch.view import view

TORCHVISION = """
    alexnet:64 vgg11_bn:32 resnet18:64 densenet121:64 googlenet:64 inception_v3:96 squeezenet1_1:64
    mobilenet_v2:64 mobilenet_v3_small:64 shufflenet_v2_x0_5:64 mnasnet0_5:64 efficientnet_b0:64
    regnet_y_400mf:64 convnext_tiny:64 vit_b_16 swin_t:64 swin_v2_t:64 maxvit_t
"""
TIMM = """
    vit_tiny_patch16_224 deit_tiny_distilled_patch16_224 swin_tiny_patch4_window7_224
    convnextv2_atto:64 efficientformerv2_s0 mixer_s32_224 poolformer_s12:64 mobilevit_xxs:64
    levit_128s efficientnet_lite0:64 eca_nfnet_l0:64 edgenext_xx_small:64
"""
ALLOWED = 0
"""How many nets may be told wrong."""

TRANSFORMERS = ("ViT", "CLIPVision", "Dinov2", "ResNet", "Bert")


@dataclass(frozen=True)
class Made:
    """A net, and the shape of one of its inputs."""

    name: str
    net: Any
    shape: tuple[int, ...]


@dataclass
class Seen:
    """What a module gave, by the module's name: its output, and the axis of its units."""

    outputs: dict[str, tuple[FloatArray, int]] = field(default_factory=dict)


def nets(wanted: set[str]) -> Iterator[Made]:
    """All of them, or those of these names."""
    for kind in TRANSFORMERS:
        if not wanted or f"transformers:{kind}" in wanted:
            yield of_transformers(kind)
    for collection, names in (("torchvision", TORCHVISION), ("timm", TIMM)):
        for each in names.split():
            name, _, side = each.partition(":")
            full = f"{collection}:{name}"
            if not wanted or full in wanted:
                size = int(side or 224)
                yield Made(full, _of(collection, name), (3, size, size))


def _of(collection: str, name: str) -> Any:
    torch.manual_seed(0)
    if collection == "timm":
        import timm

        return timm.create_model(name, pretrained=False)
    import torchvision

    more = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    return torchvision.models.get_model(name, weights=None, **more)


def of_transformers(kind: str) -> Made:
    """A small net of a kind, as a configuration makes it."""
    import transformers as t

    small = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3}
    image = {**small, "intermediate_size": 96, "image_size": 64, "patch_size": 16}
    torch.manual_seed(0)
    makers: dict[str, Callable[[], tuple[Any, tuple[int, ...]]]] = {
        "ViT": lambda: (t.ViTForImageClassification(t.ViTConfig(**image)), (3, 64, 64)),
        "CLIPVision": lambda: (
            t.CLIPVisionModelWithProjection(t.CLIPVisionConfig(**image)),
            (3, 64, 64),
        ),
        "Dinov2": lambda: (t.Dinov2ForImageClassification(t.Dinov2Config(**image)), (3, 64, 64)),
        "ResNet": lambda: (
            t.ResNetForImageClassification(
                t.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
            ),
            (3, 64, 64),
        ),
        "Bert": lambda: (
            t.BertForSequenceClassification(
                t.BertConfig(**small, intermediate_size=96, vocab_size=50)
            ),
            (12,),
        ),
    }
    net, shape = makers[kind]()
    return Made(f"transformers:{kind}", net, shape)


def unit_axis(module: Any, output: Any) -> tuple[int, int] | None:
    """The axis of a module's units and how many there are, by what it is."""
    match module:
        case nn.Conv2d():
            return 1, module.out_channels
        case nn.BatchNorm2d():
            return 1, module.num_features
        case nn.Linear():
            return output.ndim - 1, module.out_features
        case nn.LayerNorm():
            units = module.normalized_shape[-1]
            first = output.ndim == 4 and output.shape[1] == units and output.shape[3] != units
            return (1 if first else output.ndim - 1), units
    return None


def watch(net: Any, seen: Seen) -> list[Any]:
    """Have ``seen`` told what modules give; what ends that."""

    def hook(name: str) -> Callable[[Any, Any, Any], None]:
        def told(module: Any, _given: Any, output: Any) -> None:
            found = unit_axis(module, output) if isinstance(output, torch.Tensor) else None
            if found is not None and name not in seen.outputs:
                seen.outputs[name] = output.detach().clone().numpy(), found[0]

        return told

    return [each.register_forward_hook(hook(name)) for name, each in net.named_modules()]


def wrong_layers(network: Network, images: FloatArray, seen: Seen) -> tuple[list[str], int]:
    """Layers that are not what their modules give, unit by unit; and how many were compared."""
    names = [each.name for each in network.layers if each.name in seen.outputs]
    shown = network.activations(images, names)
    return [name for name in names if not _is_same(network, name, shown[name], seen)], len(names)


def _is_same(network: Network, name: str, ours: FloatArray, seen: Seen) -> bool:
    output, axis = seen.outputs[name]
    layer = network.layer(name)
    if layer.units != output.shape[axis] or layer.axes not in axes_of(output, len(ours)):
        return False
    own = np.moveaxis(output, axis, -1).reshape(len(images_of(ours)), -1, layer.units)
    mine = np.moveaxis(ours, 1 + layer.unit_axis, -1).reshape(len(ours), -1, layer.units)
    own = own[:, own.shape[1] - mine.shape[1] :]  # class tokens come first, and are no places
    scale = float(abs(own).max()) + 1e-12
    if _is_in_windows(output, axis, layer.shape, len(ours)):
        mine, own = _in_one_order(mine), _in_one_order(own)
    return mine.shape == own.shape and bool(np.allclose(mine, own, atol=1e-4 * scale))


def _is_in_windows(output: FloatArray, axis: int, shape: tuple[int, ...], images: int) -> bool:
    """Whether the places of a module's output are those of windows of the map that is shown."""
    places = tuple(n for each, n in enumerate(output.shape) if each not in (0, axis))
    return len(output) != images or (len(places) > 1 and places != shape[1:])


def _in_one_order(values: FloatArray) -> FloatArray:
    """Places (images, place, unit) in the order of what all units give together, so that those of
    one place stay together."""
    weights = np.random.default_rng(0).normal(size=values.shape[-1])
    order = np.argsort(values.astype(np.float64) @ weights, axis=1)
    found: FloatArray = np.take_along_axis(values, order[:, :, None], 1)
    return found


def axes_of(output: FloatArray, images: int) -> tuple[tuple[str, ...], ...]:
    """What the axes of a module's output may be called: places are y and x, or a sequence of them;
    those of windows may be any."""
    image = ("unit", "y", "x")
    if len(output) != images:
        return image, ("time", "unit"), ("place", "unit"), ("place", "place", "unit")
    if output.ndim == 2:
        return (("unit",),)
    # A mixer has features of all tokens, at the place of each channel.
    return (image,) if output.ndim == 4 else (image, ("time", "unit"), ("place", "unit"))


def images_of(values: FloatArray) -> FloatArray:
    """The values, whose first axis is the images'."""
    return values


def describe(made: Made) -> bool:
    """Print a line of the table; whether all is right."""
    net, seen = made.net.eval(), Seen()
    words = len(made.shape) == 1
    draw = np.random.default_rng(0)
    images = draw.random((2, *made.shape)).astype(np.float32)
    images = np.floor(images * 50) if words else images
    given = torch.from_numpy(images).long() if words else torch.from_numpy(images)
    handles = watch(net, seen)
    with torch.no_grad():
        own = scores_in(net(given)).numpy()
    for each in handles:
        each.remove()
    network = view(net, made.shape)
    found = network.scores(images)
    apart = float(abs(found.reshape(own.shape) - own).max() / (abs(own).max() + 1e-12))
    wrong, compared = wrong_layers(network, images, seen)
    layers = network.layers
    maps = sum(each.axes == ("unit", "y", "x") for each in layers)
    fields = sum(each.receptive_field is not None for each in layers)
    heads = sum("head" in each.axes for each in layers)
    live = " (run, not played)" if isinstance(network, LiveNetwork) else ""
    print(
        f"{made.name:45} {apart:8.1e} {len(layers):5} {maps:5} {fields:5} {heads:5} "
        f"{compared:5} {len(wrong):5}{live} {wrong[:3] if wrong else ''}",
        flush=True,
    )
    return apart < 1e-4 and not wrong


def main() -> None:
    words = command_line(__doc__)
    words.add_argument("names", nargs="*", metavar="NAME")
    given = words.parse_args()
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor a, Tensor b, float c) -> Tensor")
    library.define("qnms(Tensor a, Tensor b, float c) -> Tensor")
    warnings.simplefilter("ignore")
    heads = ("scores", "layers", "maps", "field", "heads", "compared", "wrong")
    print(f"{'net':45} {' '.join(heads)}")
    right = count = 0
    for made in nets(set(given.names)):
        count += 1
        try:
            right += describe(made)
        except Exception as error:  # the next net is asked all the same
            print(f"{made.name:45} {type(error).__name__}: {str(error)[:160]}", flush=True)
    print(f"{right} of {count} right")
    if count - right > ALLOWED:
        raise SystemExit(f"{count - right} nets are told wrong; it can be {ALLOWED}")


if __name__ == "__main__":
    main()
