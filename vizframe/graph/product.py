"""Matrix products on the CPU beside a framework's own threads.

They go in pieces that BLAS does not divide between threads, since its threads and MXNet's would
wait for one another: a climb with a blur took 1.4 times its bare passes, and 1.1 so.
"""

from __future__ import annotations

import numpy as np

from vizframe.network import FloatArray

UNDIVIDED = 1 << 18
"""Multiplications up to which OpenBLAS leaves a matrix product to one thread."""

MOST_PIECES = 64
"""Of a product that would be more, the threads' work is worth their waiting."""

FEW = 8
"""Rows of a piece under which reading the second matrix anew for each of them costs the most: then
what is summed over is divided; and how much of that is worth a piece."""


def product(a: FloatArray, b: FloatArray, into: FloatArray | None = None) -> FloatArray:
    """The product of two matrices, (n, k) and (k, m), in pieces of rows, or of what is summed
    over."""
    found = np.empty((len(a), b.shape[1]), np.float32) if into is None else into
    rows = max(1, UNDIVIDED // max(1, b.size))
    if rows < FEW and rows < len(a):
        return _sum_of_products(a, b, found)
    if not rows < len(a) <= MOST_PIECES * rows:
        return np.matmul(a, b, out=found)
    for start in range(0, len(a), rows):
        np.matmul(a[start : start + rows], b, out=found[start : start + rows])
    return found


def _sum_of_products(a: FloatArray, b: FloatArray, found: FloatArray) -> FloatArray:
    depth = max(1, UNDIVIDED // found.size)
    if depth < FEW or len(b) > MOST_PIECES * depth:
        return np.matmul(a, b, out=found)
    np.matmul(a[:, :depth], b[:depth], out=found)
    part = np.empty(found.shape, np.float32)
    for start in range(depth, len(b), depth):
        found += np.matmul(a[:, start : start + depth], b[start : start + depth], out=part)
    return found
