"""The way in: a step becomes a segment, segments are merged and thinned."""
