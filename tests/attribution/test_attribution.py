"""Each attribution does what its formula says, on a network that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attribution.squares import Square, Squares, images, squares
from vizframe.arrays import even_size
from vizframe.attribution.batches import gradients, scores
from vizframe.attribution.cam import (
    Weigh,
    grad_cam,
    guided_grad_cam,
    hires_cam,
    layer_cam,
    xgrad_cam,
)
from vizframe.attribution.gradient import magnitude, smooth_gradient, times_input
from vizframe.attribution.integrated import integrated_gradients, relative_error
from vizframe.attribution.method import MethodResult
from vizframe.attribution.occlusion import occlusion
from vizframe.attribution.target import target
from vizframe.errors import UnknownName, UsageError
from vizframe.network import Objective
from vizframe.network.probe import Probe
from vizframe.testing.networks import colour, probe_for
from vizframe.testing.reference import ReferenceNetwork


class TestBatches:
    def test_more_questions_than_fit_get_the_same_answers(self) -> None:
        network, asked = squares(), images(10)
        units = np.arange(10) % 3
        heads = np.arange(10, dtype=np.float32)
        answer = gradients(network, asked, Objective("scores", units, output_gradients=heads))
        whole = network.gradient(asked, Objective("scores", units, output_gradients=heads))
        assert np.array_equal(answer.values, whole.values)
        assert np.array_equal(answer.gradient, whole.gradient)
        assert np.array_equal(scores(network, asked), network.scores(asked))

    def test_all_batches_have_one_size(self) -> None:
        network = squares()
        gradients(network, images(10), Objective.of("scores", [0] * 10))
        scores(network, images(5))
        assert network.asked == [4, 4, 4, 3, 3]

    @pytest.mark.parametrize(
        ("count", "most", "size"), [(9, 8, 5), (8, 8, 8), (3, 8, 3), (7, 1, 1)]
    )
    def test_batches_are_as_large_as_one_another(self, count: int, most: int, size: int) -> None:
        assert even_size(count, most) == size

    def test_places_go_with_their_images(self) -> None:
        network = squares()
        places = np.arange(12).reshape(6, 2)
        gradients(network, images(6), Objective("scores", np.zeros(6, np.int64), places))
        seen = [np.asarray(each).tolist() for each in network.places]
        assert seen == [places[:3].tolist(), places[3:].tolist()]


class TestTarget:
    def test_the_predicted_class_is_the_strongest_score(self) -> None:
        network, probe = squares(), Probe(images())
        found = target(network, probe, "predicted")
        every = network.scores(probe.images)
        assert found.classes.tolist() == every.argmax(axis=1).tolist()
        assert found.scores.tolist() == every.max(axis=1).tolist()

    def test_the_label_a_number_and_a_name_choose_classes(self) -> None:
        network = squares(names=("cat", "dog", "newt"))
        probe = Probe(images(3), np.array([2, 0, 1]))
        assert target(network, probe, "label").classes.tolist() == [2, 0, 1]
        assert target(network, probe, 1).classes.tolist() == [1, 1, 1]
        assert target(network, probe, "newt").classes.tolist() == [2, 2, 2]

    def test_scores_that_are_nan_are_never_predicted(self) -> None:
        network = squares()
        broken = Squares(network.weight, np.array([0, np.nan, 0], np.float32))
        found = target(broken, Probe(images()), "predicted")
        assert 1 not in found.classes

    @pytest.mark.parametrize("wanted", [3, -1])
    def test_a_class_that_does_not_exist_is_refused(self, wanted: int) -> None:
        with pytest.raises(
            UsageError,
            match=rf"^target is {wanted}; it can be a class from 0 to 2, 'predicted' or 'label'$",
        ):
            target(squares(), Probe(images()), wanted)

    def test_a_probe_without_labels_cannot_be_asked_for_them(self) -> None:
        with pytest.raises(
            UsageError,
            match=r"^target is 'label', but the probe has no labels; give the probe's labels, "
            r"or ask for 'predicted' or a class$",
        ):
            target(squares(), Probe(images()), "label")

    def test_a_label_that_is_no_class_is_refused(self) -> None:
        with pytest.raises(UsageError, match=r"the probe has the label 7; it can be from 0 to 2"):
            target(squares(), Probe(images(2), np.array([0, 7])), "label")

    def test_an_unknown_class_name_is_refused_with_the_nearest(self) -> None:
        network = squares(names=("cat", "dog", "newt"))
        with pytest.raises(UnknownName, match=r"target 'cta' is not known; it can be 'cat'"):
            target(network, Probe(images()), "cta")


class TestGradient:
    def test_magnitude_is_the_strongest_channel_whichever_way(self) -> None:
        gradient = np.array([[[[1.0]], [[-3.0]]]], np.float32)
        assert magnitude(gradient).tolist() == [[[3.0]]]

    def test_times_input_sums_over_channels(self) -> None:
        gradient = np.array([[[[1.0]], [[-3.0]]]], np.float32)
        image = np.array([[[[2.0]], [[4.0]]]], np.float32)
        assert times_input(gradient, image).tolist() == [[[-10.0]]]

    def test_smooth_gradient_is_the_mean_over_the_noisy_copies(self) -> None:
        network, probe = squares(), Probe(images())
        asked = target(network, probe, 0)
        found = smooth_gradient(asked, samples=3, noise=0.2, seed=5)
        draw = np.random.default_rng(5)
        spread = 0.2 * np.ptp(probe.images, axis=(1, 2, 3))[:, None, None, None]
        by_hand = np.mean(
            [
                2
                * network.weight[:1]
                * (probe.images + spread * draw.standard_normal(probe.images.shape, np.float32))
                for _ in range(3)
            ],
            axis=0,
        )
        assert np.allclose(found, by_hand, atol=1e-5)

    def test_a_constant_image_gets_no_noise(self) -> None:
        asked = target(squares(), Probe(np.ones((1, 2, 4, 5), np.float32)), 0)
        assert np.array_equal(
            smooth_gradient(asked, samples=2, noise=1.0, seed=0), asked.gradient().gradient
        )


class TestIntegrated:
    def test_squares_are_shared_out_exactly(self) -> None:
        network, probe = squares(), Probe(images())
        found = integrated_gradients(target(network, probe, 2), np.zeros((1, 2, 1, 1), np.float32))
        assert np.allclose(found.values, network.weight[2] * probe.images**2, atol=1e-5)

    def test_the_pixels_sum_to_the_score_difference(self) -> None:
        network, probe = squares(), Probe(images())
        asked = target(network, probe, "predicted")
        baseline = np.full((1, 2, 1, 1), 0.3, np.float32)
        found = integrated_gradients(asked, baseline)
        at_baseline = asked.scores_of(np.broadcast_to(baseline, probe.images.shape))
        difference = asked.scores - at_baseline
        assert np.allclose(found.values.sum(axis=(1, 2, 3)), difference, rtol=1e-2)
        assert found.error.max() < 0.01

    def test_the_path_is_refined_until_it_is_complete_or_the_steps_run_out(self) -> None:
        asked = target(squares(), Probe(images()), 0)
        nothing = np.zeros((1, 2, 1, 1), np.float32)
        assert integrated_gradients(asked, nothing, least=4).steps == 4
        assert integrated_gradients(asked, nothing, least=4, most=32, tolerance=-1).steps == 32

    def test_refining_keeps_the_trapezium_rule(self) -> None:
        network, probe = squares(), Probe(images())
        cube = ReferenceNetwork(
            {"a": Square(), "b": Square(), **network.operations}, network.input_shape
        )
        asked = target(cube, probe, 0)
        found = integrated_gradients(
            asked, np.zeros((1, 2, 1, 1), np.float32), least=8, most=8, tolerance=-1
        )
        shares = np.arange(9) / 8
        # S = Σ w · x⁸, so that ∂S/∂x = 8 · w · (αx)⁷ along the path, of which α⁷ is summed.
        mean = (shares[:-1] ** 7 + shares[1:] ** 7).mean() / 2
        expected = 8 * network.weight[0] * probe.images**8 * mean
        assert np.allclose(found.values, expected, rtol=1e-4, atol=1e-6)

    def test_an_image_that_is_the_baseline_has_nothing_to_share_out(self) -> None:
        asked = target(squares(), Probe(np.zeros((1, 2, 4, 5), np.float32)), 0)
        found = integrated_gradients(asked, np.zeros((1, 2, 1, 1), np.float32))
        assert not found.values.any()
        assert found.error.tolist() == [0]

    def test_relative_errors_divide_by_nothing_that_is_zero(self) -> None:
        assert relative_error([2, 0, 1], [1, 0, 0]).tolist() == [1, 0, np.inf]


class TestOcclusion:
    def test_each_pixel_has_the_mean_loss_of_the_squares_over_it(self) -> None:
        network, probe = squares(), Probe(images(2))
        asked = target(network, probe, 1)
        found = occlusion(asked, np.zeros((1, 2, 1, 1), np.float32), size=2, stride=1)
        loss = np.zeros((2, 4, 5))
        times = np.zeros((4, 5))
        for y in range(3):
            for x in range(4):
                inside = (slice(None), slice(y, y + 2), slice(x, x + 2))
                lost = (network.weight[1] * probe.images**2)[:, *inside].sum(axis=(1, 2, 3))
                loss[:, y : y + 2, x : x + 2] += lost[:, None, None]
                times[y : y + 2, x : x + 2] += 1
        assert np.allclose(found, loss / times, atol=1e-5)

    def test_every_pixel_is_covered_also_where_the_stride_does_not_fit(self) -> None:
        network = Squares(np.ones((1, 2, 4, 5), np.float32), np.zeros(1, np.float32))
        asked = target(network, Probe(np.ones((1, 2, 4, 5), np.float32)), 0)
        found = occlusion(asked, np.zeros((1, 2, 1, 1), np.float32), size=2, stride=2)
        assert (found == 8).all()

    def test_a_cover_of_the_whole_image_loses_all(self) -> None:
        network, probe = squares(), Probe(images(1))
        asked = target(network, probe, 0)
        found = occlusion(asked, np.zeros((1, 2, 1, 1), np.float32), size=9, stride=3)
        assert np.allclose(found, asked.scores[0] - network.bias[0], atol=1e-5)


class TestCam:
    def test_where_the_gradient_is_the_same_at_every_place_both_are_the_same(self) -> None:
        draw = np.random.default_rng(0)
        maps = draw.normal(size=(2, 3, 4, 4)).astype(np.float32)
        gradient = np.broadcast_to(draw.normal(size=(2, 3, 1, 1)), maps.shape).astype(np.float32)
        one, other = (weigh(maps, gradient, (8, 8)) for weigh in (grad_cam, hires_cam))
        assert one.any()
        assert np.allclose(one, other, atol=1e-6)

    def test_evidence_that_cancels_in_the_mean_is_seen_place_by_place(self) -> None:
        maps = np.ones((1, 1, 1, 2), np.float32)
        gradient = np.array([[[[2.0, -2.0]]]], np.float32)
        assert not grad_cam(maps, gradient, (1, 2)).any()
        assert hires_cam(maps, gradient, (1, 2)).tolist() == [[[2.0, 0.0]]]

    def test_layer_cam_and_xgrad_cam_are_their_formulas(self) -> None:
        draw = np.random.default_rng(1)
        maps, gradient = draw.normal(size=(2, 2, 3, 4, 5)).astype(np.float32)
        maps[0, 1] = 0
        for image in range(2):
            layer, cross = np.zeros((4, 5)), np.zeros((4, 5))
            for unit in range(3):
                total, product = 0.0, 0.0
                for y, x in np.ndindex(4, 5):
                    a, g = float(maps[image, unit, y, x]), float(gradient[image, unit, y, x])
                    layer[y, x] += max(0.0, g) * a
                    total, product = total + a, product + a * g
                cross += (product / total if total else 0.0) * maps[image, unit]
            asked = maps[image : image + 1], gradient[image : image + 1], (4, 5)
            np.testing.assert_allclose(layer_cam(*asked)[0], np.maximum(layer, 0), rtol=1e-5)
            np.testing.assert_allclose(xgrad_cam(*asked)[0], np.maximum(cross, 0), rtol=1e-5)

    @pytest.mark.parametrize("weigh", [grad_cam, hires_cam, layer_cam, xgrad_cam])
    def test_a_unit_of_nan_that_the_score_does_not_see_adds_nothing(self, weigh: Weigh) -> None:
        draw = np.random.default_rng(1)
        maps, gradient = draw.random((2, 1, 3, 4, 4)).astype(np.float32)
        gradient[:, 1] = 0
        without = np.where(np.arange(3)[:, None, None] == 1, 0, maps).astype(np.float32)
        maps[:, 1] = np.nan
        wanted = weigh(without, gradient, (8, 8))
        np.testing.assert_allclose(weigh(maps, gradient, (8, 8)), wanted)

    def test_maps_beyond_single_precision_are_in_units_of_their_largest_value(self) -> None:
        tiny = np.array([[[1e-60, 3e-60]], [[1.0, 3.0]], [[0.0, 0.0]], [[1e50, -4e50]]])
        result = MethodResult.of_any_size(tiny)
        assert result.values.tolist() == [
            [[pytest.approx(1 / 3), 1]], [[1, 3]], [[0, 0]], [[0.25, -1]]
        ]  # fmt: skip
        assert result.notes[0].endswith("in units of the largest value: images 0, 3")
        assert MethodResult.of_any_size(tiny[1:3]).notes == ()


def test_guided_grad_cam_is_the_product() -> None:
    guided = np.array([[[[2.0]], [[-3.0]]]], np.float32)
    assert guided_grad_cam(guided, np.array([[[0.5]]], np.float32)).ravel().tolist() == [1.0, -1.5]


def test_scores_that_are_maps_count_by_their_mean() -> None:
    network = colour()
    maps = ReferenceNetwork(network.part("conv1"), network.input_shape)
    asked = probe_for(network).images
    wanted = maps.scores(asked).mean(axis=(2, 3))
    assert np.allclose(scores(maps, asked), wanted, atol=1e-6)
    explained = target(maps, Probe(asked), 1)
    assert np.allclose(explained.scores, wanted[:, 1], atol=1e-6)
    assert np.allclose(explained.gradient().values, wanted[:, 1], atol=1e-5)
