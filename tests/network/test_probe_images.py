"""A probe of images from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vizframe.errors import UsageError
from vizframe.network import FloatArray, probe_images
from vizframe.network.picture_file import read_picture
from vizframe.network.probe import Normalization
from vizframe.network.probe_images import class_folders, probe_from

PLAIN = Normalization()


def paint_image(folder: Path, *colours: tuple[int, int, int]) -> Path:
    for number, colour in enumerate(colours):
        Image.new("RGB", (6, 4), colour).save(folder / f"{number}.png")
    return folder


def test_images_are_resized_named_and_brought_into_the_network_s_range(tmp_path: Path) -> None:
    folder = paint_image(tmp_path, (255, 0, 51), (0, 0, 0))
    probe = probe_from(folder, (3, 8, 10), Normalization(low=-1, high=1), 16)
    assert (probe.images.shape, tuple(probe.names)) == ((2, 3, 8, 10), ("0.png", "1.png"))
    np.testing.assert_allclose(probe.images[0, :, 0, 0], [1, -1, -0.6], atol=1e-6)


def test_a_probe_shows_its_images_as_they_were(tmp_path: Path) -> None:
    normalization = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    probe = probe_from(paint_image(tmp_path, (255, 0, 51)), (3, 4, 6), normalization, 1)
    picture = normalization.to_picture(probe.images)
    np.testing.assert_allclose(picture[0, :, 0, 0], [1, 0, 0.2], atol=1e-6)


def test_a_grey_network_sees_grey_images(tmp_path: Path) -> None:
    probe = probe_from(paint_image(tmp_path, (255, 255, 255)), (1, 4, 6), PLAIN, 1)
    assert probe.images.shape == (1, 1, 4, 6)
    assert float(probe.images.min()) == 1.0


def test_the_first_images_by_name_are_taken(tmp_path: Path) -> None:
    probe = probe_from(paint_image(tmp_path, *[(0, 0, 0)] * 5), (1, 4, 6), PLAIN, 3)
    assert tuple(probe.names) == ("0.png", "1.png", "2.png")


def test_what_is_no_image_is_passed_over(tmp_path: Path) -> None:
    (paint_image(tmp_path, (0, 0, 0)) / "README").write_text("words")
    assert len(probe_from(tmp_path, (1, 4, 6), PLAIN, 16)) == 1


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_path_without_images_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it can be an image or a folder of images"):
        probe_from(tmp_path / name, (1, 4, 6), PLAIN, 16)


@pytest.mark.parametrize("shape", [(10,), (4, 8, 8)])
def test_a_network_that_takes_no_images_is_named(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the network takes inputs of shape"):
        probe_from(paint_image(tmp_path, (0, 0, 0)), shape, PLAIN, 16)


def classes(folder: Path, **counts: int) -> Path:
    for number, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir()
        paint_image(folder / name, *[(40 * number, 0, 0)] * count)
    return folder


def test_folders_are_classes_and_each_has_its_turn(tmp_path: Path) -> None:
    folder = classes(tmp_path, dog=3, cat=1)
    (folder / "notes").mkdir()
    (folder / "notes" / "read.me").write_text("not a class")
    probe = probe_from(folder, (3, 4, 4), PLAIN, 3)
    assert tuple(probe.names) == ("cat/0.png", "dog/0.png", "dog/1.png")
    assert probe.labels is not None
    assert probe.labels.tolist() == [0, 1, 1]
    assert class_folders(folder) == ("cat", "dog")


def test_only_as_many_are_read_as_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def note(file: Path, channels: int, size: tuple[int, int]) -> FloatArray:
        read.append(file.name)
        return read_picture(file, channels, size)

    monkeypatch.setattr(probe_images, "read_picture", note)
    probe_from(paint_image(tmp_path, *[(0, 0, 0)] * 20), (1, 4, 4), PLAIN, 3)
    assert read == ["0.png", "1.png", "10.png"]


def test_copies_and_notes_that_no_person_put_there_are_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = classes(tmp_path, кот=1, собака=1)
    for hidden in (".ipynb_checkpoints", "__MACOSX"):
        (folder / hidden).mkdir()
        paint_image(folder / hidden, (0, 0, 0))
    (folder / ".thumb.png").write_bytes(b"notes")
    (folder / "кот" / "._0.png").write_bytes(b"notes")
    assert class_folders(folder) == ("кот", "собака")
    assert tuple(probe_from(folder, (3, 4, 4), PLAIN, 9).names) == ("кот/0.png", "собака/0.png")
    assert not caplog.messages


def test_an_image_that_is_damaged_is_named_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = paint_image(tmp_path, *[(0, 0, 0)] * 2)
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(folder / "0.jpg")
    (folder / "0.jpg").write_bytes((folder / "0.jpg").read_bytes()[:2000])
    (folder / "0.png").write_bytes(b"no image at all")
    probe = probe_from(folder, (3, 64, 64), PLAIN, 16)
    assert tuple(probe.names) == ("1.png",)
    assert len(caplog.messages) == 2
    assert "0.jpg' cannot be read (" in caplog.messages[0]
    assert caplog.messages[0].endswith("; the probe goes without it")
