"""Reading a gallery and a film strip, beside a raw ``pread`` of the same bytes.

    python -m benchmarks.store_read [FOLDER]

The raw side opens its file once, and copies nothing twice: one ``pread`` for a gallery, one per
step for a strip, from a file of the same frames one after the other. All is in the page cache.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command import folder
from benchmarks.side_by_side import Times, claim, side_by_side
from benchmarks.store_frames import Load, load
from vizframe import store
from vizframe.history import History
from vizframe.testing.runs import fake_info

STEPS = 128
STRIP = 64
ROUNDS = 600
PATIENCE_S = 5.0


@dataclass
class Raw:
    """The stored bytes of all steps in one file, at places that are known."""

    file: int
    load: Load

    @classmethod
    def of(cls, path: Path, frames: Load) -> Raw:
        with path.open("wb") as file:
            for step in range(STEPS):
                for each in frames.bytes(step):
                    file.write(each.data)
        return cls(os.open(path, os.O_RDONLY), frames)

    def gallery(self, layer: int, step: int) -> bytes:
        size = self.load.bytes(0)[layer].nbytes
        before = sum(each.nbytes for each in self.load.bytes(0)[:layer])
        return os.pread(self.file, size, step * self.load.step_bytes + before)

    def strip(self, layer: int, unit: int) -> list[bytes]:
        tiles = self.load.bytes(0)[layer]
        tile = tiles.nbytes // len(tiles)
        step_bytes = self.load.step_bytes
        before = sum(each.nbytes for each in self.load.bytes(0)[:layer]) + unit * tile
        return [os.pread(self.file, tile, step * step_bytes + before) for step in range(STRIP)]


def write(folder: Path, frames: Load) -> History:
    """A run of so many steps, after its writer has merged them and removed what was merged."""
    writer = store.create(folder, fake_info("bench"))
    for step in range(STEPS):
        writer.commit(frames.record(step, quantised=True))
    end = time.monotonic() + PATIENCE_S
    while segments(folder) > STEPS // 16 and time.monotonic() < end:
        time.sleep(0.1)
    writer.close()
    print(f"{STEPS} steps are in {segments(folder)} files")
    return store.open(folder)


def segments(folder: Path) -> int:
    return len(list(folder.glob("*.s*.h5")))


def compare(folder: Path, frames: Load) -> tuple[float, float]:
    """The store's time over the raw one: of a gallery, and of a strip."""
    folder.mkdir()
    raw, history = Raw.of(folder / "raw", frames), write(folder / "run", frames)
    layers = len(frames.declarations)
    keys = [declared.key for declared in frames.declarations]
    units = frames.declarations[0].tile_shape[0]
    whole = history.tiles(keys[1], 5)
    assert whole.stored.tobytes() == raw.gallery(1, 5), "the two sides read other bytes"
    gallery = side_by_side(
        {
            "pread": lambda n: raw.gallery(n % layers, 7 * n % STEPS),
            "vizframe": lambda n: history.tiles(keys[n % layers], 7 * n % STEPS),
        },
        ROUNDS,
    )
    strip = side_by_side(
        {
            "pread": lambda n: raw.strip(n % layers, n % units),
            "vizframe": lambda n: history.strip(keys[n % layers], (n % units,), range(STRIP)),
        },
        ROUNDS,
    )
    size = frames.bytes(0)[0].nbytes / 1e6
    for what, times in ((f"gallery, {size:.2f} MB", gallery), (f"strip of {STRIP}", strip)):
        ms = ", ".join(f"{name} {each.ms:.3f}" for name, each in times.items())
        print(f"{what}: ms {ms}")
    return _ratio(gallery), _ratio(strip)


def _ratio(times: Mapping[str, Times]) -> float:
    return times["vizframe"].ms / times["pread"].ms


def run(folder: Path) -> None:
    for name, frames in (
        ("pictures 64 × 64² × 3", load("pictures", 4, 64, 64, 8)),
        ("maps 64 × 32²", load("maps", 8, 64, 32, 8)),
        ("maps 512 × 64²", load("maps", 2, 512, 64, 4)),
    ):
        gallery, strip = compare(folder / name.replace(" ", ""), frames)
        claim(f"{name}: gallery over pread", gallery, "≤ 4")
        claim(f"{name}: strip of {STRIP} steps over pread", strip, "≤ 3")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=folder(__doc__)) as made:
        run(Path(made))
