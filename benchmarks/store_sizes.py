"""What a run takes on disk: while it is recorded, and compacted, beside PNG event files.

    python -m benchmarks.store_sizes [FOLDER]

Relative to the bytes of the tiles as uint8. The event file holds what TensorBoard's ``add_images``
writes (a PNG grid per layer and step); the PNG files are those grids without their envelope.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.command import folder
from benchmarks.side_by_side import claim
from benchmarks.store_frames import Load, PngFiles, TensorBoard, folder_bytes, load
from vizframe import store
from vizframe.testing.runs import fake_info

STEPS = 32


def sizes(folder: Path, frames: Load) -> Mapping[str, float]:
    """Bytes of each way, relative to those of the tiles; and the MB a second of compacting."""
    for name in ("events", "png"):
        (folder / name).mkdir(parents=True)
    events, files = TensorBoard(folder / "events", frames), PngFiles(folder / "png", frames)
    with store.create(folder / "run", fake_info("bench")) as writer:
        for step in range(STEPS):
            writer.commit(frames.record(step))
            events.write(step)
            files.write(step)
    events.close()
    start = time.perf_counter()
    store.compact(folder / "run", folder / "compacted.h5")
    seconds = time.perf_counter() - start
    tiles = STEPS * frames.step_bytes
    return {
        "recorded": folder_bytes(folder / "run") / tiles,
        "compacted": (folder / "compacted.h5").stat().st_size / tiles,
        "events": folder_bytes(folder / "events") / tiles,
        "PNG files": folder_bytes(folder / "png") / tiles,
        "compacting, MB/s": tiles / 1e6 / seconds,
    }


def run(folder: Path) -> None:
    pictures, maps = "≤ 1.3", "≤ 1"
    for title, frames, bound in (
        ("pictures 64 × 64² × 3", load("pictures", 2, 64, 64, STEPS), pictures),
        ("pictures 64 × 28²", load("pictures", 2, 64, 28, STEPS, channels=1), pictures),
        ("pictures, all steps new", load("pictures", 2, 64, 64, STEPS, every=250), pictures),
        ("maps 64 × 32²", load("maps", 4, 64, 32, STEPS), maps),
        ("maps 512 × 14²", load("maps", 4, 512, 14, STEPS), maps),
        ("maps, all steps new", load("maps", 4, 64, 32, STEPS, every=250), maps),
    ):
        found = sizes(folder / title.replace(" ", ""), frames)
        print(f"{title}:", ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
        claim(f"{title}: compacted over event files", found["compacted"] / found["events"], bound)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=folder(__doc__)) as made:
        run(Path(made))
