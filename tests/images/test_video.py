"""Films as MP4 and WebM are what was drawn, in order."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from vizframe.errors import MissingExtra, VizframeError
from vizframe.images import video as module
from vizframe.images.paint import Rgb
from vizframe.images.video import Form, video


@pytest.mark.parametrize("form", ["mp4", "webm"])
@pytest.mark.parametrize("size", [(33, 47), (64, 64), (1, 1)])
def test_pictures_of_any_size_become_a_film(
    form: Form, size: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    pictures = [np.full((*size, 3), shade, np.uint8) for shade in (20, 120, 220)]
    path = tmp_path_factory.mktemp("film") / f"film.{form}"
    path.write_bytes(video(iter(pictures), rate=4, form=form))
    height, width = (side + side % 2 for side in size)
    decode = [
        get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        str(path),
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
    ]
    raw = subprocess.run([*decode, "-"], capture_output=True, check=True).stdout
    seen = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3).mean(axis=(1, 2, 3))
    assert len(seen) == 3 + 4  # the last one stays for a second
    np.testing.assert_allclose(seen, [20, 120, 220, 220, 220, 220, 220], atol=4)


def test_without_ffmpeg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    picture: Rgb = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(MissingExtra, match=r"pip install 'vizframe\[film\]'"):
        video([picture], rate=1, form="mp4")


def test_what_ffmpeg_refuses_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module._CODECS, "mp4", ("no_such_codec", []))
    picture: Rgb = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(VizframeError, match="ffmpeg could not write the film"):
        video([picture] * 100, rate=1, form="mp4")
