"""What a history keeps of a series and of a run, so that it can be shown without its plugins."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from vizframe.history.rank_names import ranked_kind
from vizframe.network.layer import Layer
from vizframe.plugin.column import Role, former_roles
from vizframe.plugin.frame import Draw, Encoding, tile_axes


class SeriesKey(BaseModel):
    """Which series: the frames of one plugin (under its label), part and layer over all steps.

    The label is the plugin's name, unless a run uses one plugin twice under two labels. The rank is
    the worker's whose network it shows; 0 for a training of one process.
    Keys are hashable, and text in URLs: ``label[.part][@rank]`` and layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    layer: str
    part: str = ""
    rank: int = 0

    @property
    def kind(self) -> str:
        """``label``, ``label.part`` or ``label@rank``: what the app's plugin menu chooses."""
        picture = f"{self.label}.{self.part}" if self.part else self.label
        return ranked_kind(picture, self.rank)

    def __str__(self) -> str:
        return f"{self.kind} of {self.layer}"


class Declaration(BaseModel):
    """All that is needed to show a series without the plugin that made it. Stored as JSON.

    ``tile_shape`` counts the tiles, along the axes that are not y, x or channel; ``picture_shape``
    is one tile: (y, x), (y, x, channel), or () for bars. What a newer vizframe says beyond this is
    ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: SeriesKey
    plugin: str
    version: int = 1
    help: str = ""
    picture_help: str = ""
    title: str = ""
    parameters: dict[str, object] = {}
    parameter_schema: dict[str, object] = {}
    seed: int = 0
    axes: tuple[str, ...]
    tile_shape: tuple[int, ...]
    picture_shape: tuple[int, ...]
    signed: bool = False
    draw: Draw = "map"
    value_range: tuple[float, float] | None = None
    encoding: Encoding = "uint8"
    over: str | None = None
    zero_is_dead: bool = True
    columns: dict[str, int] = {}
    """Each column's trailing length; 0 for one number per tile."""
    column_help: dict[str, str] = {}
    """What a column's numbers say, a sentence each, for those that the plugin explains."""
    column_roles: dict[str, str] = {}
    """What the page does with a column, for those that are more than a number: see `Role`."""

    @model_validator(mode="before")
    @classmethod
    def _give_former_roles(cls, given: object) -> object:
        """A history of before there were roles knew the columns by their names."""
        if isinstance(given, dict) and "column_roles" not in given:
            columns = given.get("columns")
            if isinstance(columns, dict):
                return {**given, "column_roles": former_roles(map(str, columns))}
        return given

    @property
    def is_empty(self) -> bool:
        """Whether it has no value at all: no recorder writes that, but a file can say so."""
        return 0 in self.tile_shape + self.picture_shape

    @property
    def tile_axes(self) -> tuple[str, ...]:
        return tile_axes(self.axes)

    def columns_with_role(self, role: Role) -> tuple[str, ...]:
        """The columns that the page does this with."""
        return tuple(name for name in self.columns if self.column_roles.get(name) == role)


class LayerInfo(BaseModel):
    """A `Layer` as a run remembers it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    operator: str
    shape: tuple[int, ...]
    units: int
    parameters: dict[str, tuple[int, ...]] = {}
    inputs: tuple[str, ...] = ()
    field_size: tuple[int, int] | None = None
    field_stride: tuple[int, int] | None = None
    kind: str = "other"
    """One of `vizframe.network.KINDS`; ``other`` in runs that are older than these words."""
    axes: tuple[str, ...] = ()
    """What the axes of its output are called; empty in older runs, where units come first."""
    nonnegative: bool = False

    @classmethod
    def of(cls, layer: Layer) -> Self:
        receptive = layer.receptive_field
        return cls(
            name=layer.name,
            operator=layer.operator,
            shape=layer.shape,
            units=layer.units,
            parameters=dict(layer.parameters),
            inputs=layer.inputs,
            field_size=receptive.size if receptive else None,
            field_stride=receptive.stride if receptive else None,
            kind=layer.kind,
            axes=layer.axes,
            nonnegative=layer.nonnegative,
        )


class RunInfo(BaseModel):
    """What is known of a run when it starts; written once, as ``run.json``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """A UUID; a re-created run of the same name has another one."""
    name: str
    created: float
    """Seconds since 1970-01-01 UTC."""
    command: tuple[str, ...] = ()
    host: str = ""
    versions: dict[str, str] = {}
    network: str = ""
    layers: tuple[LayerInfo, ...] = ()
    class_names: tuple[str, ...] = ()
    job: str = ""
    """Where the workers of a distributed training met: what tells it from others at the time."""
    group: str = ""
    """What the runs of one script share, such as the two nets of a GAN; empty where it has one."""
    hyper_parameters: dict[str, object] = {}
    """What the run was trained with, as far as it was seen: optimiser, rates, batch size, seeds,
    the script's arguments. Values are those of JSON."""
