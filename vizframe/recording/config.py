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

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, cast

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, ValidationError

from vizframe.errors import UnknownName, UsageError
from vizframe.plugin.refusal import refusal_sentences
from vizframe.recording.jobs import parse_option

FILE = "vizframe.toml"


def _list(value: object) -> object:
    """A text with commas is a list, as on the command line."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_list)]


class Config(BaseModel):
    """The options of a recording."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int | float | str = Field(
        100, description="When to record: 100, '2 epochs', '30 s', 'log'."
    )
    plugins: Names | None = Field(None, description="Names, label=name, folders, files, or 'all'.")
    layers: Names = Field((), description="Layer names or patterns; none: all with kernels.")
    net: str | None = Field(None, description="Which of several nets; none: the first trained.")
    probe: str | None = Field(None, description="A folder of images; none: of the first batch.")
    probe_images: int = Field(16, ge=1, le=1024, description="How many images the probe has.")
    run: str | None = Field(None, description="The run's folder; none: runs/<script>.")
    budget: float | str | None = Field(None, description="How much slower training may become.")
    strict: bool = Field(False, description="Stop when a plugin breaks.")
    keep: int | str = Field("all", description="Which recordings stay: 'all', every 5, 'log'.")
    max_size: ByteSize | None = Field(
        None, ge=1, description="What the run may take, such as '2GB'."
    )
    durable: bool = Field(False, description="Let a recorded step survive a power cut, too.")
    memory: ByteSize | None = Field(
        None, ge=1, description="What a batch of units may take, such as '500MB'; none: 1 GiB."
    )
    ranks: int | str = Field(
        0, description="Which workers of a distributed training record: 0, '0,2', 'all'."
    )
    seed: int = Field(0, description="Given to every plugin at every step.")
    set: dict[str, dict[str, object]] = Field({}, description="Each plugin's own options.")


def read(folder: Path) -> dict[str, object]:
    """What the folder's ``vizframe.toml``, or else its ``pyproject.toml``, sets.

    Raises:
        UsageError: the file cannot be read, or both of them set something.
    """
    own = _toml(folder / FILE)
    project = _toml(folder / "pyproject.toml").get("tool", {})
    shared = project.get("vizframe", {}) if isinstance(project, dict) else {}
    if own and shared:
        raise UsageError(f"both {FILE} and pyproject.toml set vizframe's options; keep one of them")
    return own or cast(dict[str, object], shared)


def config(given: Mapping[str, object], sets: Sequence[str] = (), *, folder: Path) -> Config:
    """The options of the command line (None: not given) over those of the folder's file.

    Args:
        given: by name.
        sets: each ``PLUGIN.PARAMETER=VALUE``; they are merged with the file's one by one.

    Raises:
        UsageError: one sentence per option that is unknown or not what it can be.
    """
    merged = {**read(folder), **{name: each for name, each in given.items() if each is not None}}
    options = {label: dict(own) for label, own in _tables(merged.get("set", {})).items()}
    for text in sets:
        label, parameter, value = parse_option(text)
        options.setdefault(label, {})[parameter] = value
    try:
        return Config.model_validate({**merged, "set": options})
    except ValidationError as error:
        raise UsageError("; ".join(refusal_sentences(error, _unknown))) from None


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
