"""MP4 and WebM films, by the ffmpeg that imageio-ffmpeg brings.

pictures (y, x, 3) ──► padded to even sides ──► H.264 (mp4) or VP9 (webm), 4:2:0
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np

from vizframe.errors import MissingExtra, VizframeError
from vizframe.images.paint import Rgb

Form = Literal["mp4", "webm"]

_CODECS: dict[Form, tuple[str, list[str]]] = {
    "mp4": ("libx264", ["-crf", "18", "-preset", "veryfast", "-movflags", "+faststart"]),
    "webm": ("libvpx-vp9", ["-crf", "30", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "8"]),
}


def check_installed() -> None:
    """Raises MissingExtra, which names the cure, where there is no ffmpeg to ask."""
    if find_spec("imageio_ffmpeg") is None:
        raise MissingExtra("a film as MP4 or WebM", "film")


def video(pictures: Iterable[Rgb], rate: float, form: Form) -> bytes:
    """RGB pictures of one size, at least one, as a film; the last one stays for a second.

    Args:
        rate: pictures per second.

    Raises:
        MissingExtra: imageio-ffmpeg is not installed.
        VizframeError: ffmpeg refused.
    """
    check_installed()
    from imageio_ffmpeg import get_ffmpeg_exe

    found = iter(pictures)
    first = next(found)
    codec, options = _CODECS[form]
    height, width = (side + side % 2 for side in first.shape[:2])
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate)]
    made = ["-an", "-c:v", codec, "-pix_fmt", "yuv420p", *options]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"film.{form}"
        command = [get_ffmpeg_exe(), "-v", "error", "-y", *given, "-i", "-", *made, str(path)]
        frames = (
            _even(each, height, width).tobytes() for each in _with_rest(chain([first], found), rate)
        )
        _feed(command, frames)
        return path.read_bytes()


def _feed(command: Sequence[str], frames: Iterator[bytes]) -> None:
    """Run ffmpeg on the frames. Raises VizframeError with what it says where it fails."""
    # What it says goes to a file: a pipe that nobody empties would stop it when it is full.
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said) as running:
            assert running.stdin is not None
            with suppress(BrokenPipeError):  # it ended early, and says why
                for frame in frames:
                    running.stdin.write(frame)
            with suppress(BrokenPipeError):
                running.stdin.close()
        if running.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines() or ["no word"]
            raise VizframeError(f"ffmpeg could not write the film: {words[-1]}")


def _with_rest(pictures: Iterator[Rgb], rate: float) -> Iterator[Rgb]:
    """The pictures, and the last one for another second."""
    last: Rgb | None = None
    for last in pictures:
        yield last
    for _ in range(round(rate)):
        if last is not None:
            yield last


def _even(picture: Rgb, height: int, width: int) -> Rgb:
    """The picture with its last row and column repeated where a side is odd."""
    rows, columns = height - picture.shape[0], width - picture.shape[1]
    padded: Rgb = np.pad(picture, ((0, rows), (0, columns), (0, 0)), mode="edge")
    return np.ascontiguousarray(padded)
