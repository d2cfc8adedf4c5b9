"""Committing a step, beside a raw ``numpy.memmap``, TensorBoard and PNG files.

    python -m benchmarks.store_commit [FOLDER]

All write the same uint8 frames; none waits for the disk unless it says so. The last part times the
quantising of float32 frames on its own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.command import folder
from benchmarks.side_by_side import claim, side_by_side
from benchmarks.store_frames import Load, PngFiles, RawMemmap, TensorBoard, load
from vizframe import store
from vizframe.history.encoding import encode
from vizframe.testing.runs import fake_info

ROUNDS = 24
WARM_UP = 3


def compare(folder: Path, frames: Load, *, durable: bool = False) -> dict[str, float]:
    """Milliseconds per step of each way; the mean of the store's as well, merging included."""
    name = "durable" if durable else "quick"
    raw = RawMemmap(folder / f"{name}.raw", frames, ROUNDS + WARM_UP)
    with store.create(folder / name, fake_info("bench"), durable=durable) as writer:
        times = side_by_side(
            {
                "memmap": raw.flush if durable else raw.write,
                "vizframe": lambda step: writer.commit(frames.record(step, quantised=True)),
            },
            ROUNDS,
            WARM_UP,
        )
    return {
        "memmap": times["memmap"].ms,
        "vizframe": times["vizframe"].ms,
        "vizframe, mean": times["vizframe"].mean_ms,
        "ratio": times["memmap"].ms / times["vizframe"].ms,
    }


def against_images(folder: Path, frames: Load) -> dict[str, float]:
    """Milliseconds per step of the store and of those that encode PNG."""
    for name in ("events", "png"):
        (folder / name).mkdir()
    events, files = TensorBoard(folder / "events", frames), PngFiles(folder / "png", frames)
    with store.create(folder / "beside", fake_info("bench")) as writer:
        times = side_by_side(
            {
                "vizframe": lambda step: writer.commit(frames.record(step)),
                "TensorBoard": events.write,
                "PNG files": files.write,
            },
            6,
        )
    events.close()
    return {name: each.ms for name, each in times.items()}


def quantising() -> dict[str, float]:
    """Milliseconds for 15.7 million values, beside the same in three lines of NumPy."""
    values = np.random.default_rng(0).standard_normal((1280, 64, 64, 3), np.float32)

    def plain(_: int) -> None:
        tiles = values.reshape(len(values), -1)
        low, high = tiles.min(1, keepdims=True), tiles.max(1, keepdims=True)
        ((tiles - low) * (255 / (high - low)) + 0.5).astype(np.uint8)

    times = side_by_side({"plain": plain, "vizframe": lambda _: encode(values, 1)}, 9)
    return {name: each.ms for name, each in times.items()}


def run(folder: Path) -> None:
    large, small = load("pictures", 20, 64, 64, 4), load("maps", 8, 64, 32, 4)
    for title, frames, what in (
        ("16 MB, 20 layers", large, "large"),
        ("0.5 MB, 8 layers", small, "small"),
    ):
        for durable in (False, True):
            (folder / what).mkdir(exist_ok=True)
            found = compare(folder / what, frames, durable=durable)
            shown = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
            print(f"{title}{', durable' if durable else ''}: ms {shown}")
            if not durable and what == "large":
                claim("a step of 16 MB, speed over memmap", found["ratio"], "≥ 0.7")
            elif not durable:
                claim("a step of 0.5 MB", found["vizframe"], "≤ 5", "ms")
    for kind, frames in (("pictures", large), ("maps", small)):
        (folder / kind).mkdir()
        images = against_images(folder / kind, frames)
        print(f"{kind}, float32 given: ms", ", ".join(f"{k} {v:.1f}" for k, v in images.items()))
        claim(f"{kind}: speed over TensorBoard", images["TensorBoard"] / images["vizframe"], "≥ 3")
    times = quantising()
    print(f"quantising 15.7 M values: ms plain {times['plain']:.1f}, here {times['vizframe']:.1f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=folder(__doc__)) as made:
        run(Path(made))
