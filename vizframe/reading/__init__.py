"""A run as a library: series, named arrays, the runs folder, remote runs, export."""
