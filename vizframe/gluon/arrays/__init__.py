"""Arithmetic on the model's own device, and on the processor."""
