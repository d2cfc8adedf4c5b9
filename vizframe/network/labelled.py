"""A folder of pictures in a folder per class, judged: how many of them a network gets right.

images/cat/a.png, images/dog/b.png      the folder's name is the class's, or its number
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizframe.errors import UsageError
from vizframe.network.dataset import pieces
from vizframe.network.network import FloatArray
from vizframe.network.probe import Normalization
from vizframe.network.probe_images import image_files, read_images

MOST = 5_000
"""Pictures that are judged at once, of all classes in turn."""

BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFolder:
    """Pictures with their classes.

    Attributes:
        files: their paths.
        labels: the class of each, int64.
    """

    files: Sequence[Path]
    labels: npt.NDArray[np.int64]

    @classmethod
    def of(cls, folder: Path, classes: Sequence[str], count: int) -> LabelledFolder:
        """
        Args:
            classes: their names, where they are known.
            count: how many classes there are.

        Raises:
            UsageError: it holds no picture, or a folder that is no class.
        """
        by_class: dict[int, list[Path]] = {}
        for file in image_files(folder):
            name = file.parent.name
            by_class.setdefault(_class_of(folder, name, classes, count), []).append(file)
        if not by_class:
            raise UsageError(f"images is {str(folder)!r}, which holds no picture")
        turns = [
            (file, label)
            for place in range(max(map(len, by_class.values())))
            for label, files in sorted(by_class.items())
            for file in files[place : place + 1]
        ][:MOST]
        labels = np.array([label for _, label in turns], np.int64)
        return cls([file for file, _ in turns], labels)

    def accuracy(
        self,
        scores: Callable[[FloatArray], FloatArray],
        shape: tuple[int, ...],
        normalization: Normalization,
    ) -> float:
        """The share of the pictures whose class has the highest score.

        Args:
            scores: gives them for a batch, (image, class).
        """
        right = 0
        for numbers in pieces(len(self.files), BATCH):
            files = [self.files[each] for each in numbers]
            found = scores(read_images(files, shape, normalization))
            right += int((found.argmax(axis=1) == self.labels[numbers.start : numbers.stop]).sum())
        return right / len(self.files)


def _class_of(folder: Path, name: str, classes: Sequence[str], count: int) -> int:
    if name in classes:
        return list(classes).index(name)
    if name.isascii() and name.isdecimal() and int(name) < count:
        return int(name)
    named = f", or a class's name, such as {classes[0]!r}" if classes else ""
    raise UsageError(
        f"a folder of {str(folder)!r} is called {name!r}; it can be a class's number, 0 to "
        f"{count - 1}{named}"
    )
