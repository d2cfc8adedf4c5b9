"""What every adapter needs, whatever its framework: windows, fields and crops on a graph of nodes;
how a model is looked at; targets; arithmetic on the host; epochs of a training."""
