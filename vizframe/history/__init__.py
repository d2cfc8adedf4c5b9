"""What a history is: contract, declarations, tiles, encoding; one in memory.

Import the nouns from here; the modules below are where each of them lives.
"""

from vizframe.history.contract import (
    Catalog,
    Curve,
    Declaration,
    Failure,
    Finding,
    History,
    HistoryWriter,
    LayerInfo,
    RunInfo,
    RunSummary,
    Scalars,
    SeriesKey,
    StepRecord,
    Tiles,
    sufficient_dtype,
)

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
