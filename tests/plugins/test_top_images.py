"""The strongest images of a data set: the same whether they come in one batch or many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vizframe.attribution.strongest import strongest
from vizframe.errors import UsageError
from vizframe.network import FloatArray
from vizframe.network.dataset import open_dataset, pieces
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.top_images import StrongestImages
from vizframe.testing.networks import ordinary, probe_for
from vizframe.testing.plugin import scene_of

PLAIN = Normalization()


def frames(scene: Scene, **options: object) -> dict[tuple[str, str], Frame]:
    plugin = StrongestImages.configured(options)
    return {(frame.layer, frame.part): frame for frame in plugin.visualize(scene)}


def data_of(count: int, shape: tuple[int, ...]) -> FloatArray:
    draw = np.random.default_rng(3)
    images: FloatArray = draw.standard_normal((count, *shape)).astype(np.float32)
    return images


def test_a_data_set_in_batches_gives_what_one_look_at_all_of_it_gives(tmp_path: Path) -> None:
    network = ordinary()
    scene = scene_of(network, probe_for(network))
    images = data_of(50, network.input_shape)
    np.save(tmp_path / "data.npy", images)
    found = frames(scene, images=str(tmp_path / "data.npy"), top=4, batch=7)
    whole = scene_of(network, Probe(images))
    wanted = {
        (frame.layer, frame.part): frame
        for frame in Deconvolution.configured({"top": 4}).visualize(whole)
    }
    for layer in scene.layers:
        best = strongest(network.activations(images, [layer.name])[layer.name], 4)
        patch, projected = found[layer.name, ""], found[layer.name, "deconvolution"]
        np.testing.assert_array_equal(patch.columns["image"], best.images)
        np.testing.assert_allclose(patch.columns["value"], best.values, rtol=1e-6)
        np.testing.assert_allclose(patch.values, wanted[layer.name, "patch"].values, atol=1e-6)
        np.testing.assert_allclose(projected.values, wanted[layer.name, ""].values, atol=1e-5)


def test_without_a_data_set_it_is_the_probe_s_images() -> None:
    scene = scene_of(ordinary(), probe_for(ordinary()))
    found = frames(scene, top=2, deconvolution=False)
    assert {part for _, part in found} == {""}
    count = len(scene.probe.images)
    assert all(frame.columns["image"].max() < count for frame in found.values())


def test_only_the_first_images_are_looked_at_where_a_number_is_given(tmp_path: Path) -> None:
    network = ordinary()
    np.save(tmp_path / "data.npy", data_of(30, network.input_shape))
    scene = scene_of(network, probe_for(network))
    found = frames(scene, images=str(tmp_path / "data.npy"), most=5, top=9, units=2)
    for frame in found.values():
        assert frame.values.shape[:2] == (2, 5)
        assert frame.columns["image"].max() < 5


def test_a_folder_is_read_with_those_below_it_in_the_network_s_size(tmp_path: Path) -> None:
    for number, name in enumerate(["b/2.png", "a/1.png", "3.png"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (20, 10), 40 * number).save(tmp_path / name)
    (tmp_path / "a" / "README").write_text("no picture")
    found = open_dataset(str(tmp_path), (1, 6, 6), PLAIN)
    assert len(found) == 3
    images = found.take([2, 0, 1])
    assert images.shape == (3, 1, 6, 6)
    assert (images[:, 0, 0, 0] * 255).round().tolist() == [0, 80, 40]


def test_a_function_s_array_is_a_data_set(tmp_path: Path) -> None:
    (tmp_path / "own_data.py").write_text(
        "import numpy as np\ndef make():\n    return np.zeros((7, 1, 4, 4), np.uint8)\n"
    )
    found = open_dataset(f"{tmp_path / 'own_data.py'}:make", (1, 4, 4), PLAIN)
    assert len(found) == 7
    assert found.take(range(2, 5)).dtype == np.float32


@pytest.mark.parametrize("text", ["", "nowhere", "nowhere.npy"])
def test_images_that_are_not_there_are_told_of_with_what_they_can_be(text: str) -> None:
    with pytest.raises(UsageError, match=r"it can be a folder of pictures, a \.npy file"):
        open_dataset(text, (1, 4, 4), PLAIN)


def test_images_of_another_shape_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.zeros((3, 28, 28)))
    with pytest.raises(UsageError, match=r"which is of shape \(3, 28, 28\); it can be an array"):
        open_dataset(str(tmp_path / "data.npy"), (1, 28, 28), PLAIN)


def test_an_empty_folder_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no picture"):
        open_dataset(str(tmp_path), (1, 4, 4), PLAIN)


def test_pieces_are_all_numbers_once() -> None:
    assert [number for piece in pieces(10, 4) for number in piece] == [*range(10)]
    assert [*pieces(0, 4)] == []
