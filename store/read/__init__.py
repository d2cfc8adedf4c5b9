"""The way out: segments, their union, tiles and film strips."""
