"""What a person can set for a recording, on the command line or in a file, under the same names.

    vizframe.toml                    pyproject.toml
        every = 50                       [tool.vizframe]
        plugins = ["activation"]         every = 50
        [set.activation]                 plugins = ["activation"]
        layers = "features.*"            [tool.vizframe.set.activation]
                                         layers = "features.*"

What the command line says goes before the file; the file before the defaults.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    InstanceOf,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from vizframe.errors import UnknownName, UsageError
from vizframe.graph.settings import GIBIBYTE
from vizframe.network.loadable import shape_of
from vizframe.plugin.commas import split_commas
from vizframe.plugin.refusal import refusal_sentences
from vizframe.recording.budget import USUAL
from vizframe.recording.jobs import is_path, parse_option
from vizframe.recording.schedule import Schedule

FILE = "vizframe.toml"

KEPT = 500_000_000
"""Bytes up to which the newest weights stay in a run, unless one says otherwise."""

LARGEST = 5_000_000_000
"""Bytes that the run of a script may take, unless one says otherwise."""

_SIZE = re.compile(r"\s*[\d_]*\.?\d+\s*[A-Za-z]*\s*")

OF_MEMORY = 0.5
"""The share of the memory that activations may take, which the plugins of a step share."""


def _list(value: object) -> object:
    """The list that a text with commas means, as on the command line."""
    if isinstance(value, str):
        return split_commas(value)
    return value


def _lines(value: object) -> object:
    """The names in a file, one a line, where a text names one."""
    if not isinstance(value, (str, Path)):
        return value
    try:
        lines = Path(value).read_text().splitlines()
    except (OSError, ValueError) as error:
        raise ValueError(
            f"class_names is {str(value)!r}, which cannot be read ({error}); it can be a list of "
            "names or a file with one a line"
        ) from None
    return [line.strip() for line in lines if line.strip()]


def _shape(value: object) -> object:
    return shape_of(value) if isinstance(value, str) else value


def _size(value: object) -> object:
    """A text that is a size as a whole: pydantic takes ``1,000 MB`` for one byte."""
    if isinstance(value, str) and not _SIZE.fullmatch(value):
        raise PydanticCustomError("byte_size", "not a size")
    return value


Size = Annotated[ByteSize, BeforeValidator(_size)]
"""Bytes, such as 2000000000 or ``"2GB"``."""

Names = Annotated[tuple[str, ...], BeforeValidator(_list)]
Plugins = Annotated[tuple[Any, ...], BeforeValidator(_list)]
"""Names, paths, classes or objects, as `vizframe.recording.jobs` reads them."""


class Config(BaseModel):
    """The options of a recording: those of `vizframe.Recorder`, the command line and files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int | float | str | InstanceOf[Schedule] = Field(
        100, description="When to record: 100, '2 epochs', '30 s', 'log'."
    )
    plugins: Plugins | None = Field(
        None, description="Names, label=name, folders, files, or 'all'; none: the usual ones."
    )
    layers: Names = Field((), description="Layer names or patterns; none: all with kernels.")
    net: str | None = Field(None, description="Which of several nets, by pattern; none: all.")
    probe: Any = Field(
        None,
        description="A folder of images, a text, a Probe or an array; none: of the first batch.",
    )
    vocab: Any = Field(
        None, description="What the numbers of tokens say: MODULE:ATTRIBUTE, a JSON file, a list."
    )
    probe_images: int = Field(
        16, ge=1, le=1024, description="How many images, or texts, the probe has."
    )
    class_names: Annotated[tuple[str, ...], BeforeValidator(_lines)] | None = Field(
        None, description="Of the network's scores, in order, or a file with one a line."
    )
    others: dict[str, Any] = Field(
        {}, description="What the net is given beside the images, by name: one sample of each."
    )
    shape: Annotated[tuple[int, ...], BeforeValidator(_shape)] | None = Field(
        None, description="Of one input as an image, where the network takes it flat: 1,28,28."
    )
    run: str | None = Field(None, description="The run's folder; none: runs/<script>.")
    budget: float | str | None = Field(
        None, description="How much slower training may become, or 'none'; a script's: 20%."
    )
    plugin_timeout: float | None = Field(
        None, gt=0, lt=1e9, description="Seconds after which a plugin that does not end is stopped."
    )
    strict: bool = Field(
        False, description="Raise what breaks, instead of saying it and training on."
    )
    writer: str = Field(
        "main", description="Who records: of one run and name there is one recorder at a time."
    )
    keep: int | str = Field("all", description="Which recordings stay: 'all', every 5, 'log'.")
    max_size: Size | None = Field(None, ge=1, description="What the run may take, such as '2GB'.")
    keep_weights: Size = Field(
        ByteSize(KEPT),
        ge=0,
        description="Bytes up to which the newest weights stay in the run for What if; 0: none.",
    )
    durable: bool = Field(False, description="Let a recorded step survive a power cut, too.")
    memory: Size | None = Field(
        None,
        ge=1,
        description="What a recording may add to the training's memory, such as '500MB'; none: "
        "1 GiB.",
    )
    ranks: int | str = Field(
        0, description="Which workers of a distributed training record: 0, '0,2', 'all'."
    )
    defer: bool = Field(
        False, description="Keep the weights alone; vizframe render makes the pictures."
    )
    vitals: int = Field(
        10, ge=0, description="Updates between two looks at the training's health; 0: none."
    )
    stop_on: Names = Field((), description="Symptoms that end the training: nan, exploding, any.")
    units: int | str | None = Field(
        None, description="Of how many units of each layer, or 'all'; none: as many as are paid."
    )
    seed: int = Field(0, description="Given to every plugin at every step.")
    set: dict[str, dict[str, object]] = Field(
        {}, description="Each plugin's own options, and its own every and layers, by label."
    )

    @property
    def room(self) -> float:
        """Bytes that the activations which the plugins of a step share may take at once."""
        return OF_MEMORY * (self.memory or GIBIBYTE)

    @classmethod
    def of(cls, options: Mapping[str, object], base: Config | None = None) -> Self:
        """The given options; those that are not given are as ``base`` sets them.

        ``options`` is another name of ``set``, which Python has for itself.

        Raises:
            UsageError: one sentence per option that is unknown or not what it can be.
        """
        given = {name: getattr(base, name) for name in base.model_fields_set} if base else {}
        given |= {"set" if name == "options" else name: each for name, each in options.items()}
        if given.get("set", {}) is None:
            del given["set"]
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise UsageError("; ".join(refusal_sentences(error, _unknown))) from None


def read(folder: Path) -> dict[str, object]:
    """The options that the folder's ``vizframe.toml``, or else its ``pyproject.toml``, sets.

    Raises:
        UsageError: the file cannot be read, or both of them set something.
    """
    own = _toml(folder / FILE)
    project = _toml(folder / "pyproject.toml").get("tool", {})
    shared = project.get("vizframe", {}) if isinstance(project, dict) else {}
    if own and shared:
        raise UsageError(f"both {FILE} and pyproject.toml set vizframe's options; keep one of them")
    return own or cast(dict[str, object], shared)


def config(given: Mapping[str, object], sets: Sequence[str] = (), *, folder: Path | None) -> Config:
    """The options of the command line; those that it does not give (None) are the file's.

    Args:
        given: the options of the command line, by name.
        folder: where the file is looked for; None for no file.
        sets: each ``PLUGIN.PARAMETER=VALUE``; they are merged with the file's one by one.

    Raises:
        UsageError: one sentence per option that is unknown or not what it can be.
    """
    merged = {
        **({} if folder is None else read(folder)),
        **{name: each for name, each in given.items() if each is not None},
    }
    options = {label: dict(own) for label, own in _tables(merged.get("set", {})).items()}
    for text in sets:
        label, parameter, value = parse_option(text)
        options.setdefault(label, {})[parameter] = value
    return Config.of({**merged, "set": options})


def for_script(chosen: Config) -> Config:
    """The options of a script that is recorded: a budget and a largest size where none are set, and
    the whole paths of files, since a script may change its working directory."""
    usual = {"budget": USUAL, "max_size": LARGEST}
    unset = {name: each for name, each in usual.items() if name not in chosen.model_fields_set}
    return chosen.model_copy(update={**unset, **dict(_files_of(chosen))})


def _files_of(chosen: Config) -> Iterator[tuple[str, object]]:
    """The options that name files, each with the whole paths of these."""
    for name in {"probe", "vocab"} & chosen.model_fields_set:
        given = getattr(chosen, name)
        yield name, _whole(given) if isinstance(given, str) else given
    if chosen.plugins is not None:
        paths = [isinstance(each, str) and is_path(each) for each in chosen.plugins]
        pairs = zip(chosen.plugins, paths, strict=True)
        yield "plugins", tuple(_whole(each) if path else each for each, path in pairs)


def _whole(given: str) -> str:
    """The whole path of a file, with the attribute behind it: of ``train.py:chars``
    ``/here/train.py:chars``. Anything that is no file here stays as it is."""
    file, colon, attribute = given.partition(":")
    return f"{os.path.abspath(file)}{colon}{attribute}" if os.path.exists(file) else given


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _tables(value: object) -> Mapping[str, Mapping[str, object]]:
    if isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()):
        return value
    raise UsageError(f"set is {value!r}; it can be one table of options per plugin")


def _unknown(name: str) -> str:
    known = Config.model_fields
    return str(UnknownName("option", name, known, most=len(known)))
