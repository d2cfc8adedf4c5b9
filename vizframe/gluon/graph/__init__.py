"""A network's graph as plain Python: traced, with shapes, fields, crops and rules."""
