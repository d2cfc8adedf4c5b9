"""The PyTorch adapter on a CUDA device: its exam, a training, and the ascent of a whole VGG-16.

    python -m benchmarks.torch_cuda --json cuda.json

exam        the contract of networks, the modern nets and the operations, on the device
training    convolutions, batch normalization and dropout, alone and recorded: the same bits
agreement   VGG-16's activations and gradients, over those of the CPU (float32)
peak        one large convolution, forward and back, in TF32 and in float32
ascent      every convolution unit of VGG-16 (4,224; random weights) on its exact field by
            Yosinski's third preset, 100 iterations, as the plugin climbs; of the layers' arithmetic
            per second, what share of the peak

It needs neither MXNet nor the page: torch, numpy, pydantic, h5py, pytest with pytest-timeout and
hypothesis, scipy. ``--device cpu --units 2 --iterations 2 --layers 2`` tries it without a card.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.clock import now
from benchmarks.command import command_line
from benchmarks.usual_way import vgg16
from vizframe.arrays import even_size
from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.presets import preset
from vizframe.network import Network, Objective
from vizframe.network.probe import Normalization
from vizframe.torch import excitation as layout
from vizframe.torch.view import view

GIBIBYTE = 1 << 30
IMAGENET = Pixels.of(Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), 3)
EXAM = ("test_contract.py", "test_modern.py", "test_ops.py")

Found = dict[str, Any]
"""What goes into the JSON."""


def timed(device: Any, run: Callable[[], object]) -> float:
    """Seconds, with all that the device was given to do."""
    finish(device)
    begun = now()
    run()
    finish(device)
    return now() - begun


def finish(device: Any) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def exam(device: Any) -> Found:
    """The tests of tests/torch that ask a network, on the device, in a process of their own."""
    given = [f"tests/torch/{each}" for each in EXAM]
    workers = str(min(8, os.cpu_count() or 1))
    command = [sys.executable, "-m", "pytest", "-q", "-W", "default", "-n", workers, *given]
    environment = {**os.environ, "VIZFRAME_TEST_DEVICE": str(device)}
    begun = now()
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    lines = [line for line in run.stdout.splitlines() if line.strip()]
    if run.returncode:
        print("\n".join(lines[-60:]), run.stderr[-2000:])
    summary = lines[-1] if lines else run.stderr[-200:]
    return {"passed": run.returncode == 0, "summary": summary, "seconds": now() - begun}


def training(device: Any) -> Any:
    """The weights, buffers, optimiser state and random numbers that a training leaves."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(inplace=True),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(16 * 16 * 16, 5),
    ).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler(device.type)
    for _ in range(6):
        images = torch.rand(16, 3, 16, 16, device=device)
        labels = torch.randint(0, 5, (16,), device=device)
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(net(images), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return [*net.state_dict().values(), *tensors_of(optimizer), torch.rand(3, device=device)]


def tensors_of(optimizer: Any) -> list[Any]:
    states = optimizer.state_dict()["state"].values()
    return [each for state in states for each in state.values() if isinstance(each, torch.Tensor)]


def recorded_training(device: Any) -> Found:
    """Whether the training leaves the same bits when it is recorded, and what was recorded."""
    from vizframe import store
    from vizframe.recording.autostart import Watch
    from vizframe.recording.config import Config

    torch.backends.cudnn.deterministic = True
    alone = training(device)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        watch = Watch(Config(every=2, run=str(run), probe_images=4, strict=True), "train")
        watch.begin()
        watched = training(device)
        watch.end(failed=False)
        history = store.open(run)
        steps, failures = list(history.steps), [str(each) for each in history.failures()]
    torch.backends.cudnn.deterministic = False
    same = [
        one.cpu().numpy().tobytes() == two.cpu().numpy().tobytes()
        for one, two in zip(alone, watched, strict=True)
    ]
    return {"bit_identical": all(same), "steps": steps, "failures": failures}


def agreement(net: Any, device: Any) -> Found:
    """How far a device is from the CPU, as a share of the largest value; in float32."""
    images = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    found = []
    torch.backends.cudnn.allow_tf32 = False
    for place in (torch.device("cpu"), device):
        network = view(net.features.to(place), (3, 64, 64))
        values = network.activations(images, ["21"])["21"]
        gradient = network.gradient(images, Objective.of("21", [3, 5]), rule="guided").gradient
        found.append((values, gradient))
    torch.backends.cudnn.allow_tf32 = True
    net.to(device)
    apart = [float(abs(a - b).max() / abs(a).max()) for a, b in zip(*found, strict=True)]
    return {"activations": apart[0], "guided_gradient": apart[1]}


def peak(device: Any, *, tf32: bool, batch: int) -> float:
    """FLOP/s of a convolution of 512 → 512 channels, 3 × 3 on 28 × 28, there and back."""
    torch.backends.cudnn.allow_tf32 = tf32
    last = torch.channels_last
    images = torch.randn(batch, 512, 28, 28, device=device).to(memory_format=last).requires_grad_()
    weight = torch.randn(512, 512, 3, 3, device=device).to(memory_format=last)

    def there_and_back(times: int) -> None:
        for _ in range(times):
            made = nn.functional.conv2d(images, weight, padding=1)
            torch.autograd.grad(made.sum(), images)

    there_and_back(3 if device.type == "cuda" else 1)
    times = 20 if device.type == "cuda" else 1
    taken = timed(device, lambda: there_and_back(times))
    torch.backends.cudnn.allow_tf32 = True
    return times * 2 * 2 * batch * 512 * 512 * 9 * 28 * 28 / taken


def arithmetic(name: str, size: int) -> int:
    """Operations of one image there and back, through VGG-16 up to one unit of a layer, on its
    field: no map has padding, each convolution takes two of its pixels."""
    found, channels = 0, 3
    for index, each in enumerate(vgg16().features):
        if isinstance(each, nn.Conv2d):
            size, units = size - 2, 1 if f"features.{index}" == name else each.out_channels
            found += 2 * 2 * channels * units * 9 * size * size
            channels = units
        elif isinstance(each, nn.MaxPool2d):
            size //= 2
        if f"features.{index}" == name:
            return found
    raise KeyError(name)


def climb_layer(network: Network, name: str, units: int, iterations: int, device: Any) -> Found:
    """The ascent of a layer's units, as the plugin climbs."""
    layer = network.layer(name)
    recipe = replace(preset("yosinski-3"), iterations=iterations)
    question = Question(layer, recipe, IMAGENET)
    chosen = list(range(min(units, layer.units)))
    batch = even_size(len(chosen), network.batch_size(name))
    with network.excitation(Objective.of(name, chosen[:batch])) as opened:
        shape = opened.shape
    gallery: list[Any] = []
    taken = timed(device, lambda: gallery.append(ascend(network, question, chosen)))
    outcome = gallery[0].outcome
    flops = arithmetic(name, shape[2]) * batch * math.ceil(len(chosen) / batch) * iterations
    risen = float((outcome.objective > outcome.curve[:, 0]).mean())
    return {
        "layer": name,
        "units": len(chosen),
        "batch": batch,
        "field": shape[2:],
        "seconds": taken,
        "flops": flops,
        "risen": risen,
        "dead": int(outcome.dead.sum()),
    }


def whole_vgg(network: Network, options: argparse.Namespace, device: Any) -> list[Found]:
    """Layer by layer, as long as there is time."""
    names = [each.name for each in network.layers if each.kind == "convolution"]
    found: list[Found] = []
    begun = now()
    for name in names[: options.layers]:
        if now() - begun > options.seconds:
            print(f"{name}: out of time")
            break
        made = climb_layer(network, name, options.units, options.iterations, device)
        found.append(made)
        rate = made["flops"] / made["seconds"] / 1e12
        print(
            f"{name:12} {made['units']:4} units on {made['field']}, {made['batch']:4} at once: "
            f"{made['seconds']:7.2f} s, {rate:6.1f} TFLOP/s, {made['risen']:.0%} risen",
            flush=True,
        )
    return found


def variants(network: Network, options: argparse.Namespace, device: Any) -> Found:
    """One layer with channels first, and in float32 instead of TF32."""
    name, units, few = "features.17", min(64, options.units), max(2, options.iterations // 5)
    usual = layout.CHANNELS_LAST
    found = {"usual": climb_layer(network, name, units, few, device)["seconds"]}
    layout.CHANNELS_LAST = ()
    found["channels_first"] = climb_layer(network, name, units, few, device)["seconds"]
    layout.CHANNELS_LAST = usual
    torch.backends.cudnn.allow_tf32 = False
    found["float32"] = climb_layer(network, name, units, few, device)["seconds"]
    torch.backends.cudnn.allow_tf32 = True
    return found


def arguments() -> argparse.Namespace:
    parser = command_line(__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--units", type=int, default=4224, help="of each layer, at most")
    parser.add_argument("--layers", type=int, default=13, help="how many of VGG-16's convolutions")
    parser.add_argument("--memory", type=float, default=24.0, help="GiB of a batch")
    parser.add_argument("--seconds", type=float, default=240.0, help="no layer is begun later")
    parser.add_argument("--no-exam", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    device = torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    found: Found = {"device": name, "torch": torch.__version__, "numpy": np.__version__}
    print(name, torch.__version__, flush=True)

    def keep(what: str, value: Any) -> None:
        found[what] = value
        print(f"{what}: {value}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1))

    keep("training", recorded_training(device))
    torch.manual_seed(0)
    net = vgg16()
    for each in net.modules():
        if isinstance(each, nn.Conv2d):
            nn.init.kaiming_normal_(each.weight)
    keep("agreement", agreement(net, device))
    size = 256 if device.type == "cuda" else 1
    peaks = {kind: peak(device, tf32=kind == "tf32", batch=size) for kind in ("tf32", "fp32")}
    keep("peak_flops", peaks)
    network = view(net, (3, 224, 224), memory=int(options.memory * GIBIBYTE))
    climb_layer(network, "features.0", 8, 3, device)
    layers = whole_vgg(network, options, device)
    seconds = sum(each["seconds"] for each in layers)
    rate = sum(each["flops"] for each in layers) / max(seconds, 1e-9)
    keep("layers", layers)
    keep("units", sum(each["units"] for each in layers))
    keep("seconds", seconds)
    keep("flops_per_second", rate)
    keep("share_of_peak", rate / peaks["tf32"])
    keep("variants_features.17", variants(network, options, device))
    if not options.no_exam:
        keep("exam", exam(device))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
