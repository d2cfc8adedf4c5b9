"""Modern nets told right: units are features wherever a net keeps them, tokens lie on the image's
grid, and every gradient is PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from vizframe.errors import NetworkError
from vizframe.network import FloatArray, Network, Objective
from vizframe.network.cascade import CascadeNetwork
from vizframe.torch import excitation as excitations
from vizframe.torch.live import LiveNetwork
from vizframe.torch.network import TorchNetwork
from vizframe.torch.view import view

from . import modern
from .device import DEVICE

IMAGES = {
    modern.Vit: (3, 16, 12),
    modern.TimmVit: (3, 16, 16),
    modern.TorchvisionVit: (3, 16, 12),
    modern.ConvNext: (3, 16, 16),
    modern.Swin: (3, 16, 16),
    modern.PaddedWindows: (3, 12, 10),
    modern.GridWindows: (3, 12, 8),
    modern.MergedPatches: (3, 16, 8),
    modern.Shuffled: (3, 8, 8),
    modern.Squeezed: (3, 9, 9),
    modern.Dense: (3, 8, 8),
    modern.Deciding: (3, 9, 9),
    modern.Binarized: (3, 9, 9),
}
LIVE = (modern.Deciding, modern.Binarized)

on_each = pytest.mark.parametrize("kind", IMAGES, ids=lambda kind: kind.__name__)


def made(kind: Callable[[], Any]) -> Any:
    torch.manual_seed(0)
    return kind().eval().to(DEVICE)


def images(kind: Any, count: int = 4) -> FloatArray:
    return np.random.default_rng(0).random((count, *IMAGES[kind])).astype(np.float32)


@on_each
def test_scores_and_gradients_are_the_model_s_own(kind: Any) -> None:
    module, given = made(kind), images(kind)
    network = view(module.train(), IMAGES[kind])
    assert isinstance(network, LiveNetwork) == (kind in LIVE)
    module.eval()
    asked = torch.from_numpy(given).to(DEVICE).requires_grad_()
    scores = module(asked)
    scores[[0, 1, 2, 3], [0, 1, 2, 0]].sum().backward()
    assert asked.grad is not None
    assert np.allclose(network.scores(given), scores.detach().cpu().numpy(), atol=1e-6)
    found = network.gradient(given, Objective.of(network.score_layer, [0, 1, 2, 0]))
    assert np.allclose(found.gradient, asked.grad.cpu().numpy(), atol=1e-6)


@on_each
def test_every_layer_can_be_asked_and_climbed_to(kind: Any) -> None:
    network, given = view(made(kind), IMAGES[kind]), images(kind, 2)
    names = [each.name for each in network.layers]
    assert len(set(names)) == len(names)
    shown = network.activations(given, names)
    for layer in network.layers:
        assert shown[layer.name].shape == (2, *layer.shape)
        assert len(layer.axes) == len(layer.shape)
        objective = Objective.of(layer.name, [0, layer.units - 1])
        whole = network.gradient(given, objective)
        with network.excitation(objective, exact_field=False) as excitation:
            found = excitation.evaluate(excitation.ops.to_device(given))
            for one, two in zip(found, (whole.values, whole.gradient), strict=True):
                assert np.allclose(excitation.ops.to_numpy(one), two, atol=1e-5)


@on_each
def test_an_exact_field_answers_as_the_whole_image_does(kind: Any) -> None:
    network, given = view(made(kind), IMAGES[kind]), images(kind, 2)
    for layer in network.layers:
        field = layer.receptive_field
        with network.excitation(Objective.of(layer.name, [0, layer.units - 1])) as excitation:
            if not excitation.exact_field:
                continue
            assert field is not None
            y, x = layer.shape[1] // 2, layer.shape[2] // 2
            top, left, bottom, right = field.box(y, x)
            height, width = given.shape[2:]
            top, left, bottom, right = (
                max(top, 0),
                max(left, 0),
                min(bottom, height),
                min(right, width),
            )
            part = np.ascontiguousarray(given[:, :, top:bottom, left:right])
            assert excitation.shape == part.shape
            values, gradient = excitation.evaluate(excitation.ops.to_device(part))
            whole = network.gradient(given, Objective.of(layer.name, [0, layer.units - 1]))
            assert np.allclose(excitation.ops.to_numpy(values), whole.values, atol=1e-5)
            inside = whole.gradient[:, :, top:bottom, left:right]
            assert np.allclose(excitation.ops.to_numpy(gradient), inside, atol=1e-5)
            assert np.allclose(np.delete(whole.gradient, slice(top, bottom), 2), 0)


@on_each
def test_kernels_laid_out_as_a_device_reads_them_change_nothing(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, given = view(made(kind), IMAGES[kind]), images(kind, 2)
    for layer in network.layers:
        objective, found = Objective.of(layer.name, [0, layer.units - 1]), []
        for kinds in ((), (DEVICE.type,)):
            monkeypatch.setattr(excitations, "CHANNELS_LAST", kinds)
            with network.excitation(objective, exact_field=False) as excitation:
                evaluated = excitation.evaluate(excitation.ops.to_device(given))
                found.append([excitation.ops.to_numpy(each) for each in evaluated])
        for one, two in zip(*found, strict=True):
            assert np.allclose(one, two, atol=1e-5)


def axes(network: Network, name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    layer = network.layer(name)
    return layer.axes, layer.shape


def test_tokens_are_laid_out_on_the_image_s_grid_and_the_class_token_is_none_of_them() -> None:
    module, given = made(modern.Vit), images(modern.Vit)
    network = view(module, IMAGES[modern.Vit])
    assert axes(network, "mlp.0") == (("unit", "y", "x"), (16, 4, 3))
    shown = network.activations(given, ["norm"])["norm"]
    seen: list[Any] = []
    module.norm.register_forward_hook(
        lambda _m, _i, output: seen.append(output.detach().cpu().numpy())
    )
    module(torch.from_numpy(given).to(DEVICE))
    assert np.allclose(shown, seen[0][:, 1:].transpose(0, 2, 1).reshape(4, 8, 4, 3))
    assert "data" not in {each.name for each in network.layers}


def test_the_layers_inside_of_an_attention_are_seen() -> None:
    network = view(made(modern.Vit), IMAGES[modern.Vit])
    inside = [each.name for each in network.layers if each.name.startswith("attention.")]
    assert any("linear" in name for name in inside)


def test_an_attention_has_heads_that_look_from_places_at_places() -> None:
    network = view(made(modern.TimmVit), IMAGES[modern.TimmVit])
    assert axes(network, "softmax") == (("head", "time", "source"), (2, 16, 16))
    assert network.layer("softmax").kind == "attention"
    assert axes(network, "proj") == (("unit", "y", "x"), (8, 4, 4))


def test_what_an_attention_gives_lies_on_the_grid_when_images_come_second_in_it() -> None:
    network = view(made(modern.TorchvisionVit), IMAGES[modern.TorchvisionVit])
    assert network.score_layer == "head"
    assert axes(network, "attention.scaled_dot_product_attention")[0] == ("head", "time", "unit")
    assert axes(network, "add.call2") == (("unit", "y", "x"), (8, 4, 3))
    assert axes(network, "mlp.0") == (("unit", "y", "x"), (16, 4, 3))


def test_windows_of_a_map_are_the_map_when_they_are_put_together() -> None:
    network = view(made(modern.Swin), IMAGES[modern.Swin])
    assert axes(network, "roll.call2") == (("unit", "y", "x"), (8, 4, 4))
    assert axes(network, "proj") == (("unit", "y", "x"), (8, 4, 4))


def on_grid(module: Any, given: FloatArray, layer: str, size: tuple[int, int]) -> FloatArray:
    """What a module inside of windows gave, each place where its pixel of the map lies: found by
    giving the windows the numbers of the pixels, from 1 on."""
    seen: list[Any] = []
    hook = module.get_submodule(layer).register_forward_hook(
        lambda _m, _i, output: seen.append(output.detach().cpu().numpy())
    )
    module(torch.from_numpy(given).to(DEVICE))
    hook.remove()
    numbers = 1 + torch.arange(size[0] * size[1]).reshape(1, *size, 1)
    pixels = module.windows(numbers).reshape(-1).numpy()
    values = seen[0].reshape(len(given), len(pixels), -1)
    made = np.full((len(given), values.shape[-1], size[0] * size[1]), np.nan, np.float32)
    for place, pixel in enumerate(pixels):
        if pixel:  # 0 is padding
            made[:, :, pixel - 1] = values[:, place]
    return made.reshape(len(given), -1, *size)


@pytest.mark.parametrize(
    ("kind", "size", "layers"),
    [
        (modern.PaddedWindows, (6, 5), ["qkv", "proj"]),
        (modern.GridWindows, (6, 4), ["norm", "qkv", "merge"]),
    ],
)
def test_what_lies_in_windows_is_shown_where_it_is_in_the_image(
    kind: Any, size: tuple[int, int], layers: list[str]
) -> None:
    module, given = made(kind), images(kind)
    network = view(module, IMAGES[kind])
    shown = network.activations(given, layers)
    for name in layers:
        expected = on_grid(module, given, name, size)
        assert axes(network, name) == (("unit", "y", "x"), expected.shape[1:])
        assert np.allclose(shown[name], expected, atol=1e-6)


def test_windows_of_another_size_of_image_are_shown_where_they_are_in_that() -> None:
    module = made(modern.GridWindows)
    network = view(module, IMAGES[modern.GridWindows])
    other = np.random.default_rng(1).random((2, 3, 8, 12)).astype(np.float32)
    assert np.allclose(
        network.activations(other, ["qkv"])["qkv"], on_grid(module, other, "qkv", (4, 6)), atol=1e-6
    )


def test_pixels_that_become_features_of_one_leave_a_map_of_half_the_size() -> None:
    module, given = made(modern.MergedPatches), images(modern.MergedPatches)
    network = view(module, IMAGES[modern.MergedPatches])
    assert axes(network, "norm") == (("unit", "y", "x"), (16, 4, 2))
    assert axes(network, "inside") == (("unit", "y", "x"), (6, 4, 2))
    shown = network.activations(given, ["norm", "inside"])
    by_hand = module.inside(torch.from_numpy(shown["norm"]).to(DEVICE).permute(0, 2, 3, 1))
    expected = by_hand.permute(0, 3, 1, 2).detach().cpu().numpy()
    assert np.allclose(shown["inside"], expected, atol=1e-6)


def test_only_what_an_attention_looks_with_is_a_head() -> None:
    network = view(made(modern.Shuffled), IMAGES[modern.Shuffled])
    assert {each.axes for each in network.layers} == {("unit", "y", "x"), ("unit",)}
    assert axes(network, "transpose") == (("unit", "y", "x"), (6, 8, 8))
    looking = view(made(modern.GridWindows), IMAGES[modern.GridWindows])
    assert axes(looking, "softmax") == (("place", "head", "time", "source"), (4, 2, 6, 6))


def test_channels_that_lie_last_are_units_all_the_same() -> None:
    network = view(made(modern.ConvNext), IMAGES[modern.ConvNext])
    assert axes(network, "wide") == (("unit", "y", "x"), (12, 8, 8))
    field = network.layer("next").receptive_field
    assert field is not None
    assert field.size == (10, 10)
    with network.excitation(Objective.of("wide", [3])) as excitation:
        assert excitation.exact_field
        assert excitation.shape == (1, 3, 6, 6)
    assert axes(view(made(modern.Swin), (3, 16, 16)), "norm") == (("unit", "y", "x"), (8, 4, 4))


class PaddedByHand(torch.nn.Module):
    """Zeros put around a map by a function, more of them below and to the right, as TensorFlow
    does."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = torch.nn.Conv2d(3, 4, 3, 2), torch.nn.Conv2d(4, 4, 5, 2)

    def forward(self, given: Any) -> Any:
        padded = torch.nn.functional.pad(given, (0, 1, 0, 1))
        inner = torch.nn.functional.pad(self.first(padded).relu(), (1, 2, 2, 2))
        return self.last(inner).relu()


def test_zeros_put_around_a_map_leave_receptive_fields_known() -> None:
    network = view(made(PaddedByHand), (3, 28, 20))
    field = network.layer("last").receptive_field
    assert field is not None
    assert field.size == (11, 11)
    given = np.random.default_rng(0).random((2, 3, 28, 20)).astype(np.float32)
    for name in ("pad", "first", "pad.call2", "last", "relu.call2"):
        layer = network.layer(name)
        objective = Objective.of(name, [0, 2])
        whole = network.gradient(given, objective)
        assert layer.receptive_field is not None
        top, left, bottom, right = layer.receptive_field.box(*(n // 2 for n in layer.shape[1:]))
        with network.excitation(objective) as excitation:
            assert excitation.exact_field
            cut = given[:, :, top:bottom, left:right]
            found = excitation.evaluate(excitation.ops.to_device(cut))
        values, gradient = (excitation.ops.to_numpy(each) for each in found)
        assert np.allclose(values, whole.values, atol=1e-5)
        assert np.allclose(gradient, whole.gradient[:, :, top:bottom, left:right], atol=1e-5)
        assert not np.delete(whole.gradient, slice(top, bottom), 2).any()


def test_behind_a_squeeze_a_place_sees_everything() -> None:
    network = view(made(modern.Squeezed), IMAGES[modern.Squeezed])
    assert network.layer("conv").receptive_field is not None
    assert network.layer("last").receptive_field is None
    with network.excitation(Objective.of("last", [0])) as excitation:
        assert not excitation.exact_field


def test_words_and_recurrent_layers_are_sequences() -> None:
    module = made(modern.Sequence)
    network = view(module, (7,))
    assert isinstance(network, TorchNetwork)
    assert axes(network, "embedding") == (("time", "unit"), (7, 6))
    assert axes(network, "recurrent") == (("time", "unit"), (7, 4))
    assert dict(network.layer("embedding").parameters) == {"weight": (6, 20)}
    words = np.random.default_rng(0).integers(0, 20, (3, 7)).astype(np.float32)
    own = module(torch.from_numpy(words).long().to(DEVICE)).detach().cpu().numpy()
    assert np.allclose(network.scores(words), own)
    objective = Objective.of("head", [0, 1, 2])
    with pytest.raises(NetworkError, match="token ids; gradients can be asked at a layer"):
        network.gradient(words, objective)
    assert network.gradient(words, objective, at="embedding").gradient.any()


class ReadsItsValues(torch.nn.Module):
    """Words, a recurrent layer, and a look at what it gave: no tape holds that."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(20, 6)
        self.recurrent = torch.nn.LSTM(6, 4, batch_first=True)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, words: Any) -> Any:
        output, _ = self.recurrent(self.embedding(words))
        if output.sum() > 1e9:
            output = output * 2
        return self.head(output[:, -1])


def test_words_have_gradients_at_their_embedding_without_a_tape_too() -> None:
    module = made(ReadsItsValues)
    network = view(module, (7,))
    assert isinstance(network, LiveNetwork)
    words = np.random.default_rng(0).integers(0, 20, (3, 7)).astype(np.float32)
    found = network.gradient(words, Objective.of("head", [0, 1, 2]), at="embedding").gradient
    with torch.backends.cudnn.flags(enabled=False):
        embedded = module.embedding(torch.from_numpy(words).long().to(DEVICE)).detach()
        output, _ = module.recurrent(embedded.requires_grad_())
        scores = module.head(output[:, -1])
        scores[range(3), range(3)].sum().backward()
    assert embedded.grad is not None
    assert np.allclose(found, embedded.grad.cpu().numpy(), atol=1e-6)


def test_a_straight_through_gradient_stays_the_net_s_own_and_rules_still_hold() -> None:
    network = view(made(modern.Binarized), IMAGES[modern.Binarized])
    given = images(modern.Binarized)
    assert network.gradient(given, Objective.of("head", [0, 1, 2, 3])).gradient.any()
    deciding = view(made(modern.Deciding), IMAGES[modern.Deciding])
    objective = Objective.of(deciding.score_layer, [0, 1, 2, 3])
    plain = deciding.gradient(given, objective).gradient
    guided = deciding.gradient(given, objective, rule="deconvnet").gradient
    assert (plain != guided).any()


def test_a_live_net_answers_with_the_weights_and_buffers_of_now() -> None:
    class Counting(modern.Deciding):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return super().forward(x) * self.calls

    module = made(Counting)
    network, given = view(module, (3, 9, 9)), images(modern.Deciding)
    before = network.scores(given)
    assert float(module.calls) == 0
    assert np.array_equal(network.scores(given), before)
    with torch.no_grad():
        module.calls.fill_(1)
        module.head.weight.mul_(0)
        module.head.bias.fill_(3)
    assert np.allclose(network.scores(given), 6)


def test_a_net_whose_modules_were_changed_is_not_asked_with_the_old_ones() -> None:
    module, given = made(modern.Dense), images(modern.Dense)
    network = view(module, IMAGES[modern.Dense])
    module.head = torch.nn.Linear(11, 5)
    with pytest.raises(NetworkError, match="has other modules or parameters than when"):
        network.scores(given)


def test_a_net_that_is_cast_or_wrapped_later_is_asked_as_it_is_now() -> None:
    module, given = made(modern.Dense), images(modern.Dense)
    network = view(torch.nn.DataParallel(module), IMAGES[modern.Dense])
    before = network.scores(given)
    own = module(torch.from_numpy(given).to(DEVICE))
    assert np.allclose(own.detach().cpu().numpy(), before, atol=1e-6)
    module.double()
    assert np.allclose(network.scores(given), before, atol=1e-6)


def test_weights_are_shuffled_from_a_layer_on() -> None:
    network, given = view(made(modern.ConvNext), IMAGES[modern.ConvNext]), images(modern.ConvNext)
    assert isinstance(network, CascadeNetwork)
    with network.randomized_from("next", 3) as control, network.randomized(3) as whole:
        for name in ("stem", "wide", "narrow"):
            own, other = network.weights(name)["weight"], control.weights(name)["weight"]
            assert np.array_equal(own, other)
        for name in ("next", "head"):
            assert (network.weights(name)["weight"] != control.weights(name)["weight"]).any()
            assert np.array_equal(control.weights(name)["weight"], whole.weights(name)["weight"])
        assert (control.scores(given) != network.scores(given)).any()


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_what_cannot_be_seen_into_is_a_sentence() -> None:
    module = made(modern.Dense)
    with pytest.raises(NetworkError, match="which TorchScript runs by itself"):
        view(torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 2))), (2,))
    with pytest.raises(NetworkError, match=r"the model is a int; it can be a torch\.nn\.Module"):
        view(3, (2,))
    with pytest.raises(NetworkError, match=r"'Dense' cannot take images of shape \(1, 4, 8, 8\)"):
        view(module, (4, 8, 8))
    lazy = torch.nn.Sequential(torch.nn.LazyLinear(2))
    with pytest.raises(NetworkError, match=r"parameter '0\.weight' has no values yet"):
        view(lazy, (2,))
