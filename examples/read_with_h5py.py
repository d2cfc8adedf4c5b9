"""Read a run with h5py alone: python examples/read_with_h5py.py runs/mnist gradient_ascent conv0

store/README.md tells the layout. What it says of checksums, and of steps that a resumed training
hides, is left out here; ``vizframe.open`` does all of it.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt


def frames(run: Path, label: str, layer: str) -> dict[int, npt.NDArray[np.float32]]:
    """The frames of a series by step, as real values."""
    found = {}
    for path in sorted(run.glob("*-*.h5")):  # of the same step in two files, the later one counts
        with h5py.File(path) as file:
            steps, rows = file["steps"]["step"], file["rows"][()]
            for number, series in enumerate(json.loads(file["index"][()].tobytes())["series"]):
                key = series["declaration"]["key"]
                if (key["label"], key["layer"]) == (label, layer):
                    for row in rows[rows["series"] == number]:
                        found[int(steps[row["step"]])] = values(file[series["path"]], row["frame"])
    return dict(sorted(found.items()))


def values(group: h5py.Group, frame: int) -> npt.NDArray[np.float32]:
    """One frame: what a stored number stands for is told beside its tile."""
    stored, tiles = group["stored"][frame], group["tiles"][frame]
    differences = group["stored"].attrs.get("differences", b"").decode()
    y = tiles.ndim  # the axes behind those that count tiles are y, x and, for colour, channel
    for axis in {"": (), "x": (y + 1,), "yx": (y, y + 1)}[differences]:  # compacted runs only
        stored = np.cumsum(stored, axis, dtype=np.uint8)
    shape = tiles.shape + (1,) * (stored.ndim - y)
    low, high = tiles["low"].reshape(shape), tiles["high"].reshape(shape)
    coded = (tiles["nonfinite"].reshape(shape) & (1 << 30)) != 0
    if stored.dtype == np.uint8:  # 256 levels from low to high, the last three for NaN and ±inf
        step = ((high - low) / np.where(coded, 252, 255)).astype(np.float32)
        odd = np.array([-np.inf, np.nan, np.inf])[np.maximum(stored, 253) - 253]
        stored = np.where(coded & (stored > 252), odd, low + stored * step)
    elif stored.dtype == np.float16:  # in a power of two that fits the tile
        unit = 2.0 ** (np.frexp(np.maximum(abs(low), abs(high)))[1] - 15)
        stored = np.where(coded, stored * unit, stored)
    return np.asarray(stored, np.float32)


if __name__ == "__main__":
    for step, picture in frames(Path(sys.argv[1]), sys.argv[2], sys.argv[3]).items():
        print(f"step {step}: {picture.shape} from {picture.min():.3g} to {picture.max():.3g}")
