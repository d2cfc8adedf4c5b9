"""A probe of texts: cut into tokens by a vocabulary, or the numbers that a batch holds.

text.txt, texts/*.txt ── Vocabulary ──► numbers ──► whole, or in windows of the batch's length
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np

from vizframe.errors import UnknownName, UsageError
from vizframe.network import FloatArray, Network
from vizframe.network.adapter import Batch
from vizframe.network.probe import Probe, probe_of
from vizframe.network.probe_images import image_files
from vizframe.network.vocabulary import Vocabulary, read_vocabulary

log = logging.getLogger("vizframe")

TEXTS = (".txt", ".text", ".md", ".py", ".csv", ".json", ".xml", ".html")
"""What the name of a file of text ends in, in a folder of them."""

LONGEST = 2000
"""Tokens of a text that are shown at most."""


def vocabulary_of(given: object) -> Vocabulary | None:
    """The vocabulary that ``--vocab`` names, or that a recorder was given.

    Raises:
        UsageError, UnknownName: there is none.
    """
    if given is None:
        return None
    if not isinstance(given, (str, Path)):
        return Vocabulary.of(given)
    where, colon, name = str(given).rpartition(":")
    if not colon or Path(str(given)).is_file():
        return read_vocabulary(Path(given))
    module = _module(where)
    found: object = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise UnknownName("vocab's attribute", part, [n for n in dir(found) if n[0] != "_"])
        found = getattr(found, part)
    return Vocabulary.of(found, f"vocab {given}")


def _module(where: str) -> ModuleType:
    """A module that the script may have imported already, or be itself."""
    main = sys.modules.get("__main__")
    own = getattr(main, "__file__", None)
    if where.endswith(".py"):
        if main is not None and own and Path(own).resolve() == Path(where).resolve():
            return main
        loaded = [m for m in sys.modules.values() if _is_of(m, Path(where).resolve())]
        if loaded:
            return loaded[0]
        where = Path(where).stem
    elif main is not None and own and Path(own).stem == where:
        return main
    if where in sys.modules:
        return sys.modules[where]
    try:
        return importlib.import_module(where)
    except ImportError as error:
        raise UsageError(
            f"vocab is of module {where!r}, which cannot be imported ({error}); it can be "
            "MODULE:ATTRIBUTE or a JSON file"
        ) from error


def _is_of(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and Path(str(file)).resolve() == path


def is_text(path: Path) -> bool:
    """Whether this is a file of text, or a folder with such files and no image: beside those, a
    text is a licence or a list of classes."""
    if path.is_file():
        return path.suffix.lower() in TEXTS
    return path.is_dir() and bool(_files(path)) and not image_files(path)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(each for each in path.iterdir() if each.suffix.lower() == ".txt")


def text_probe(path: Path, batch: Batch, vocabulary: Vocabulary | None, most: int) -> Probe:
    """The texts of a file or folder as what the network of this batch takes.

    Args:
        batch: what it is trained on: its sequences are so long.
        most: how many texts, or windows of a text, at most.

    Raises:
        UsageError: there is no vocabulary, or the network takes no texts.
    """
    if vocabulary is None:
        raise UsageError(
            f"probe is the text {str(path)!r}; its tokens need numbers: give "
            "--vocab MODULE:ATTRIBUTE or --vocab FILE.json"
        )
    if batch.inputs.ndim != 2:
        raise UsageError(
            f"probe is the text {str(path)!r}, and the network takes inputs of shape "
            f"{batch.inputs.shape[1:]}; it can be a network of tokens, (time,)"
        )
    texts = [(each.name, _read(each)) for each in _files(path)[:most]]
    rows = [(name, vocabulary.ids(text)[:LONGEST]) for name, text in texts]
    rows = [(name, row) for name, row in rows if row]
    if not rows:
        raise UsageError(
            f"probe is {str(path)!r}, which has no token that the vocabulary knows; it can be a "
            f"text of its {len(vocabulary.numbers)} tokens"
        )
    if lacking := [each for _, text in texts for each in vocabulary.lacking(text)]:
        log.warning(
            "the probe goes without %s, which the vocabulary lacks",
            ", ".join(map(repr, dict.fromkeys(lacking[:8]))),
        )
    return _probe_of_rows(rows, vocabulary)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"probe {str(path)!r} cannot be read: {error.strerror}") from None


def _probe_of_rows(rows: Sequence[tuple[str, Sequence[int]]], vocabulary: Vocabulary) -> Probe:
    longest = max(len(row) for _, row in rows)
    images = np.zeros((len(rows), longest), np.float32)
    for place, (_, row) in enumerate(rows):
        images[place, : len(row)] = row
    tokens = tuple(vocabulary.names(row) for _, row in rows)
    names = tuple(name for name, _ in rows)
    plain = probe_of(images)
    return replace(plain, names=names, tokens=tokens, vocabulary=vocabulary.tokens)


def in_windows(probe: Probe, length: int, most: int) -> Probe:
    """The texts in windows of this length, for a network that takes no other; a text's last window
    is left out where it is shorter, but for its only one."""
    pieces = list(_windows(probe, length))[:most]
    images = np.stack([piece for _, piece, _ in pieces])
    names = tuple(name for name, _, _ in pieces)
    tokens = tuple(tuple(words) for _, _, words in pieces)
    return replace(probe, images=images, names=names, tokens=tokens, labels=None)


def _windows(probe: Probe, length: int) -> Iterator[tuple[str, FloatArray, Sequence[str]]]:
    for name, row, words in zip(probe.names, probe.images, probe.tokens, strict=True):
        filled = np.zeros(max(length, len(row)), np.float32)
        filled[: len(row)] = row
        for start in range(0, max(len(words) - length, 0) + 1, length):
            told = f"{name} from {start}" if len(words) > length else name
            yield told, filled[start : start + length], words[start : start + length]


def with_tokens(probe: Probe, network: Network, vocabulary: Vocabulary | None) -> Probe:
    """The probe with what its tokens say, where the network reads such: numbers where no
    vocabulary is known."""
    if probe.tokens or not reads_tokens(probe, network, vocabulary):
        return probe
    rows = [[int(each) for each in row] for row in probe.images]
    if vocabulary is None:
        return replace(probe, tokens=tuple(tuple(map(str, row)) for row in rows))
    tokens = tuple(vocabulary.names(row) for row in rows)
    return replace(probe, tokens=tokens, vocabulary=vocabulary.tokens)


def reads_tokens(probe: Probe, network: Network, vocabulary: Vocabulary | None) -> bool:
    """Whether the inputs are numbers of tokens: whole ones, which an embedding reads or which come
    as integers, or for which there is a vocabulary."""
    images = probe.images
    if images.ndim != 2 or not (np.isfinite(images).all() and (images >= 0).all()):
        return False
    if not np.array_equal(images, np.rint(images)):
        return False
    known = {layer.name for layer in network.layers}
    embedded = any(
        layer.kind == "embedding" and not set(layer.inputs) & known for layer in network.layers
    )
    return embedded or vocabulary is not None or np.dtype(probe.call.dtype).kind in "iu"
