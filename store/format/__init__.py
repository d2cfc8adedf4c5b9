"""The layout of a run's files, byte by byte: names, index, checksums, where bytes come from."""
