"""A vocabulary: what the numbers say that a network reads and gives instead of text.

["a", "b", …]  "ab…"  {"a": 0, "b": 1, …}  an object with idx_to_token, itos, vocab, …
        └──────────────┴─────────┬─────────────┘
                            Vocabulary ── ids("text") ──► [17, 2, …] ── text of each ──► tokens

Texts are cut as the vocabulary's own tokens are: into characters where each is one; else into the
longest tokens that fit, word by word, with the marks that subwords have (``##ing``, ``Ġthe``,
``▁the``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vizframe.errors import UsageError

UNKNOWN = ("<unk>", "[UNK]", "<UNK>", "unk", "<oov>", "UNK")
"""How vocabularies call what they do not hold."""

END_OF_LINE = ("\n", "<eos>", "</s>", "<EOS>", "<nl>")

_FIELDS = ("idx_to_token", "itos", "id_to_token", "token_to_idx", "stoi", "token_to_id", "vocab")
"""Where libraries keep theirs: MXNet's contrib.text and GluonNLP, torchtext, Hugging Face."""

_MARKS = ("##", "Ġ", "▁", "@@")
_PIECES = re.compile(r"\n|\w+|[^\w\s]", re.UNICODE)


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a language model: what every token id stands for.

    Attributes:
        tokens: by number; what no number stands for is the empty text.
    """

    tokens: tuple[str, ...]

    @classmethod
    def of(cls, given: object, what: str = "vocab") -> Vocabulary:
        """A vocabulary of any usual form.

        Args:
            what: names it in an error.

        Raises:
            UsageError: it is of none of them.
        """
        found = _tokens(given)
        if found is None:
            raise UsageError(
                f"{what} is a {type(given).__name__}; it can be a list of tokens, a dict of their "
                "numbers, a text of characters, or an object that has idx_to_token or itos"
            )
        return cls(tuple(found))

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each token; of one that is there twice, the first."""
        found: dict[str, int] = {}
        for number, token in enumerate(self.tokens):
            found.setdefault(token, number)
        found.pop("", None)
        return found

    @cached_property
    def unknown(self) -> int | None:
        """What stands for all that is not in the vocabulary."""
        return next((self.numbers[name] for name in UNKNOWN if name in self.numbers), None)

    @cached_property
    def is_of_characters(self) -> bool:
        """Whether each of its tokens is one character, but for those in brackets."""
        plain = [token for token in self.tokens if token and not _is_special(token)]
        return bool(plain) and all(len(token) == 1 for token in plain)

    def ids(self, text: str) -> list[int]:
        """The token ids of a text. What the vocabulary lacks is left out, where it has no token for
        that: see `lacking`."""
        return [number for _, number in self._cut(text) if number is not None]

    def lacking(self, text: str) -> list[str]:
        """What of the text the vocabulary lacks and has no sign for, each once."""
        return list(dict.fromkeys(part for part, number in self._cut(text) if number is None))

    def _cut(self, text: str) -> Iterator[tuple[str, int | None]]:
        """The text's parts, each with its number."""
        if self.is_of_characters:
            for each in text:
                yield each, self.numbers.get(each, self.unknown)
            return
        for word in self._words(text):
            yield from self._pieces(word)

    def names(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """What these say; a number that stands for nothing says itself."""
        return tuple(
            self.tokens[number] if 0 <= number < len(self.tokens) else str(number)
            for number in numbers
        )

    def _words(self, text: str) -> Iterator[tuple[str, bool]]:
        """Each word, and whether a space goes before it."""
        for found in _PIECES.finditer(text):
            yield found.group(), found.start() > 0 and text[found.start() - 1].isspace()

    def _pieces(self, word: tuple[str, bool]) -> Sequence[tuple[str, int | None]]:
        """A word whole where it is known, else in the longest pieces that are."""
        text, spaced = word
        if text == "\n":
            return [(text, self.numbers[e]) for e in END_OF_LINE if e in self.numbers][:1]
        for whole in self._spellings(text, spaced):
            if whole in self.numbers:
                return [(text, self.numbers[whole])]
        found, at = list[tuple[str, int | None]](), 0
        while at < len(text):
            number, length = self._longest(text, at, spaced)
            if number is None:
                return [(text, self.unknown)]
            found.append((text[at : at + length], number))
            at += length
        return found

    def _longest(self, text: str, at: int, spaced: bool) -> tuple[int | None, int]:
        if not self._has_marks:
            return None, 0
        for end in range(len(text), at, -1):
            part = text[at:end]
            spellings = (f"##{part}", part) if at else self._spellings(part, spaced)
            for each in spellings:
                if each in self.numbers:
                    return self.numbers[each], end - at
        return None, 0

    @cached_property
    def _has_marks(self) -> bool:
        return any(token.startswith(_MARKS) or token.endswith("@@") for token in self.tokens)

    def _spellings(self, text: str, spaced: bool) -> tuple[str, ...]:
        marked = (f"Ġ{text}", f"▁{text}") if spaced else ()
        return (*marked, text, f"▁{text}", text.lower(), f"▁{text.lower()}")


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary of a JSON file: a list of tokens, a dict of their numbers, or what Hugging
    Face's tokenizers write.

    Raises:
        UsageError: it cannot be read, or holds none.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"vocab is {str(path)!r}, which cannot be read ({error}); it can be a JSON file or "
            "MODULE:ATTRIBUTE"
        ) from None
    model = given.get("model") if isinstance(given, dict) else None
    inner = model if isinstance(model, dict) else given
    if isinstance(inner, dict):
        inner = next((inner[name] for name in _FIELDS if inner.get(name)), inner)
    return Vocabulary.of(inner, f"vocab {str(path)!r}")


def _tokens(given: object) -> list[str] | None:
    """The tokens by number; None of what is no vocabulary."""
    if isinstance(given, Vocabulary):
        return list(given.tokens)
    if isinstance(given, str):
        return list(given)
    if isinstance(given, Mapping):
        return _of_mapping(given)
    if isinstance(given, Sequence):
        return [_text(each) for each in given]
    for name in _FIELDS:
        inner = getattr(given, name, None)
        if inner is not None and inner is not given and not callable(inner):
            return _tokens(inner)
    getter = getattr(given, "get_vocab", None) or getattr(given, "get_itos", None)
    return _tokens(getter()) if callable(getter) else None


def _of_mapping(given: Mapping[object, object]) -> list[str] | None:
    """Of {token: number} or {number: token}."""
    pairs: list[tuple[int, str]] = []
    for key, value in given.items():
        if isinstance(value, int) and not isinstance(value, bool):
            pairs.append((value, _text(key)))
        elif isinstance(value, str) and str(key).isdecimal():
            pairs.append((int(str(key)), value))
        else:
            return None
    if not pairs or min(pairs)[0] < 0 or max(pairs)[0] > 64 * len(pairs) + 1024:
        return None
    tokens = [""] * (max(pairs)[0] + 1)
    for number, token in pairs:
        tokens[number] = tokens[number] or token
    return tokens


def _text(token: object) -> str:
    """A token as text; bytes, and pairs of a token and its score, have one."""
    if isinstance(token, bytes):
        return token.decode("utf-8", "replace")
    if isinstance(token, (list, tuple)) and token and isinstance(token[0], str):
        return token[0]
    return str(token)


def _is_special(token: str) -> bool:
    return len(token) > 2 and (token[0], token[-1]) in (("<", ">"), ("[", "]"))
