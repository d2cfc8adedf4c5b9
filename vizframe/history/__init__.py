"""What a history is: contract, declarations, tiles, encoding; one in memory.

Import the nouns from here; the modules below are where each of them lives.
"""

from vizframe.history.contract import (
    Catalog,
    History,
    HistoryWriter,
    RunSummary,
    Scalars,
    StepRecord,
)
from vizframe.history.declaration import Declaration, LayerInfo, RunInfo, SeriesKey
from vizframe.history.finding import Curve, Failure, Finding
from vizframe.history.tiles import Tiles, sufficient_dtype

__all__ = [
    "Catalog",
    "Curve",
    "Declaration",
    "Failure",
    "Finding",
    "History",
    "HistoryWriter",
    "LayerInfo",
    "RunInfo",
    "RunSummary",
    "Scalars",
    "SeriesKey",
    "StepRecord",
    "Tiles",
    "sufficient_dtype",
]
