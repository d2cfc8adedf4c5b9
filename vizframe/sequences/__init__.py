"""The arithmetic that plugins of sequences share: replay, forecasts, memory, names of units."""
