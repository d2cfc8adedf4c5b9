"""The MXNet adapter: the only place that imports mxnet."""
