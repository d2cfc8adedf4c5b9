"""Asking changes nothing, and what cannot be asked is refused with a sentence."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
import pytest

from vizframe.errors import NetworkError, UnknownName, UsageError
from vizframe.network import FloatArray, Network, Objective, ReluRule
from vizframe.testing.network_excitation import evaluate_numpy
from vizframe.testing.network_pair import PairContract
from vizframe.testing.networks import flat, ordinary, probe_for

State = Mapping[str, object]


class CareContract(PairContract):
    """What a network owes to the training that goes on around it."""

    def state_of(self, network: Network) -> State:
        """What of the model must be as before; override to add modes, gradients, hooks."""
        return {
            f"{layer.name}.{key}": values.tobytes()
            for layer in network.layers
            for key, values in network.weights(layer.name).items()
        }

    def test_asking_changes_nothing(self) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary)).images
        before, scores = self.everything(network), network.scores(images)
        _ask_all(network, images, "guided" if self.follows_rules else "plain")
        assert self.everything(network) == before
        assert np.array_equal(network.scores(images), scores)

    def test_a_question_that_fails_changes_nothing(self) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary)).images
        before, scores = self.everything(network), network.scores(images)
        with pytest.raises(NetworkError):
            network.scores(images[:, :, 1:, :, None])
        with pytest.raises(KeyboardInterrupt):
            _interrupt_ascent(network)
        assert self.everything(network) == before
        assert np.array_equal(network.scores(images), scores)

    def test_images_and_activations_are_nobody_else_s(self) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary)).images.copy()
        given = images.copy()
        first = {layer.name: network.layer(layer.name) for layer in network.layers}
        activations = network.activations(images, list(first))
        kept = {name: values.copy() for name, values in activations.items()}
        gradient = network.gradient(images, Objective.of(network.score_layer, [0, 1, 2]))
        held = gradient.gradient.copy()
        _ask_all(network, images * 2, "guided" if self.follows_rules else "plain")
        assert np.array_equal(images, given)
        assert np.array_equal(gradient.gradient, held)
        for name, values in activations.items():
            assert np.array_equal(values, kept[name])

    def test_the_control_has_the_same_weights_in_another_order(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        images = probe_for(pair.reference).images
        before, name = pair.network.scores(images), pair.name("conv1")
        own = pair.network.weights(name)["weight"]
        with pair.network.randomized(3) as control:
            shuffled = control.weights(name)["weight"]
            assert [each.name for each in control.layers] == [
                each.name for each in pair.network.layers
            ]
            assert (np.sort(shuffled, axis=None) == np.sort(own, axis=None)).all()
            assert (shuffled != own).any()
            assert (control.scores(images) != before).any()
            assert np.array_equal(pair.network.scores(images), before)
        with pair.network.randomized(3) as again:
            assert np.array_equal(again.weights(name)["weight"], shuffled)
        with pair.network.randomized(4) as other:
            assert (other.weights(name)["weight"] != shuffled).any()

    def test_the_model_is_itself_again_when_a_control_fails(self) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary)).images
        before, scores = self.everything(network), network.scores(images)
        with pytest.raises(ZeroDivisionError):
            _break_off(network, images)
        assert self.everything(network) == before
        assert np.array_equal(network.scores(images), scores)

    def test_an_unknown_layer_is_named_with_the_nearest(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        images, known = probe_for(self.net(ordinary)).images, pair.name("conv1")
        wrong = f"{known}_"
        objective = Objective.of(wrong, [0, 0, 0])
        for ask in (
            lambda: pair.network.layer(wrong),
            lambda: pair.network.activations(images, [known, wrong]),
            lambda: pair.network.weights(wrong),
            lambda: pair.network.weight_gradients(wrong),
            lambda: pair.network.batch_size(wrong),
            lambda: pair.network.gradient(images, objective),
            lambda: pair.network.gradient(images, pair.translate(CLASSES), at=wrong),
            lambda: pair.network.gradients(images, pair.translate(CLASSES), [known, wrong]),
            lambda: pair.network.excitation(objective).__enter__(),
        ):
            sentence = f"layer '{wrong}' is not known; it can be '{known}'"
            with pytest.raises(UnknownName, match=sentence.replace(".", r"\.")):
                ask()

    @pytest.mark.parametrize(
        ("images", "told"),
        [
            (np.zeros((2, 3, 12, 12), np.float32), r"\b3\b.* can .*\b1\b"),
            (np.zeros((1, 12, 12), np.float32), r"\(1, 12, 12\).* can .*1, 12, 12"),
            (np.zeros((2, 1, 12, 12, 1), np.float32), r"\(2, 1, 12, 12, 1\).* can .*1, 12, 12"),
            (np.zeros((2, 1, 7, 12), np.float32), r"\b7, 12\)"),
            (np.zeros((2, 1, 12, 12), np.uint8), r"uint8.* can be float32"),
            (np.zeros((2, 1, 12, 12), np.complex64), r"complex64.* can be float32"),
        ],
        ids=["channels", "no batch axis", "too many axes", "size", "uint8", "complex"],
    )
    def test_images_that_do_not_fit_are_refused(self, images: FloatArray, told: str) -> None:
        pair = self.pair_of(self.net(ordinary))
        for ask in (
            lambda: pair.network.scores(images),
            lambda: pair.network.activations(images, [pair.name("dense0")]),
            lambda: pair.network.gradient(images, Objective.of(pair.name("dense0"), [0, 1])),
        ):
            with pytest.raises(NetworkError, match=told):
                ask()

    def test_an_objective_has_one_unit_for_each_image(self) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary), count=3).images
        with pytest.raises(NetworkError, match=r"has 2 units for 3 images; it can"):
            network.gradient(images, Objective.of(network.score_layer, [0, 1]))

    @pytest.mark.parametrize("unit", [3, -1])
    def test_a_unit_that_is_not_there_is_refused(self, unit: int) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary), count=2).images
        objective = Objective.of(network.score_layer, [0, unit])
        told = rf"unit is {unit}; it can be 0 to 2 in layer '{network.score_layer}'"
        with pytest.raises(UsageError, match=told):
            network.gradient(images, objective)
        with pytest.raises(UsageError, match=told):
            network.excitation(objective).__enter__()

    def test_a_place_outside_the_map_is_refused(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        images = probe_for(pair.reference, count=1).images
        outside = Objective(pair.name("conv1"), np.array([0]), np.array([[1, 4]]))
        told = r"place is \(1, 4\); it can be \(0, 0\) to \(3, 3\) in layer"
        with pytest.raises(UsageError, match=told):
            pair.network.gradient(images, outside)

    def test_a_gradient_at_a_layer_behind_is_refused(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        images = probe_for(pair.reference, count=1).images
        told = f"{pair.name('conv0')}.* does not depend on .*{pair.name('conv1')}"
        with pytest.raises(NetworkError, match=told):
            pair.network.gradient(
                images, Objective.of(pair.name("conv0"), [0]), at=pair.name("conv1")
            )

    def test_images_of_another_shape_than_the_excitation_s_are_refused(self) -> None:
        network = self.adapt(flat())
        with (
            network.excitation(Objective.of(network.score_layer, [0])) as excitation,
            pytest.raises(NetworkError, match=r"\(1, 1, 9, 8\).* can be \(1, 1, 8, 8\)"),
        ):
            evaluate_numpy(excitation, np.zeros((1, 1, 9, 8), np.float32))

    def everything(self, network: Network) -> State:
        """`state_of`, and the random states of Python and NumPy."""
        state: tuple[object, ...] = np.random.get_state(legacy=True)  # type: ignore[assignment]
        numpy_state = [each.tobytes() if isinstance(each, np.ndarray) else each for each in state]
        return {
            **self.state_of(network),
            "random": random.getstate(),
            "numpy.random": tuple(numpy_state),
        }


CLASSES = Objective.of("dense0", [0, 1, 2])


def _ask_all(network: Network, images: FloatArray, rule: ReluRule) -> None:
    """Every kind of question."""
    names = [layer.name for layer in network.layers]
    network.activations(images, names)
    for name in names:
        network.weights(name)
        network.weight_gradients(name)
        network.batch_size(name)
        units = [0] * len(images)
        network.gradient(images, Objective.of(name, units), rule=rule)
        with network.excitation(Objective.of(name, units)) as excitation:
            evaluate_numpy(excitation, np.ones(excitation.shape, np.float32))
    network.gradient(images, Objective.of(network.score_layer, [0, 1, 2]), at=names[0])
    network.gradients(images, Objective.of(network.score_layer, [0, 1, 2]), names)
    with network.randomized(1) as control:
        control.scores(images)


def _interrupt_ascent(network: Network) -> None:
    """Ctrl-C in the middle of an ascent."""
    with network.excitation(Objective.of(network.score_layer, [0])) as excitation:
        evaluate_numpy(excitation, np.ones(excitation.shape, np.float32))
        raise KeyboardInterrupt


def _break_off(network: Network, images: FloatArray) -> None:
    """A control that fails."""
    with network.randomized(3) as control:
        control.scores(images)
        raise ZeroDivisionError
