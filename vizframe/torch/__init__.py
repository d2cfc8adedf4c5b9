"""The PyTorch adapter: the only place that imports torch."""
